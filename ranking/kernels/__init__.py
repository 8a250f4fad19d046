"""Loops over columns, compiled by numba: what one request for evidence does to postings, hits and events.

Pure functions of arrays. A module here imports no other kernel module: numba notices changes of a kernel's own file
only, so code or constants taken from another file would live on in its cache.
"""
