"""How the allocator of a process that runs for months gives memory back."""

import ctypes
from typing import Final

_M_MMAP_THRESHOLD: Final = -3  # malloc.h
_LARGE_BYTES: Final = 256 << 10


def return_large_blocks() -> bool:
    """Have blocks from 256 KiB on come in pages of their own, which go back when they are freed; whether that can be had.

    Else glibc raises that size to the largest block that was freed so far, up to 32 MiB (2.36, `mallopt(3)`), and what is fetched, and
    arrays that grow by copying, leave holes in the heap between what stays. Other allocators go their own way.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    return set_option is not None and set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES) == 1
