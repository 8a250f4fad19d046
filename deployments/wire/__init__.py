"""Calls between the ingress and leaves of the same machine, without Serve's handles.

A list call through a handle costs its caller 2.3 ms of CPU whatever it carries; over a Unix socket a tenth of that
(docs/decisions/0036). A leaf's replica opens a `Door`, a socket in a folder of its user's that is named after cluster and
application; an ingress keeps a `Line` to each door it finds there. Where there is no door, on another machine for
instance, calls go through the handle.
"""
