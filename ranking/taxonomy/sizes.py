"""The nine employee buckets, and what people mean by "SMB", "mid-market" and "enterprise" (F-1)."""

from bisect import bisect_right
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ranking.types import EmployeeRange

_STARTS: Final = (1, 2, 11, 51, 201, 501, 1001, 5001, 10001)

BUCKETS: Final[tuple[EmployeeRange, ...]] = tuple(
    EmployeeRange(start, following - 1 if following else None)
    for start, following in zip(_STARTS, (*_STARTS[1:], None), strict=True)
)

NAMED_SIZES: Final[Mapping[str, EmployeeRange]] = MappingProxyType(
    {
        "solo": EmployeeRange(1, 1),
        "micro": EmployeeRange(1, 10),
        "startup": EmployeeRange(1, 200),
        "small": EmployeeRange(1, 50),
        "smb": EmployeeRange(11, 200),
        "mid_market": EmployeeRange(201, 1000),
        "mittelstand": EmployeeRange(51, 1000),
        "large": EmployeeRange(1001, None),
        "enterprise": EmployeeRange(1001, None),
        "global_enterprise": EmployeeRange(10001, None),
    }
)


def employee_bucket(count: int) -> int:
    """Return the index in `BUCKETS` of a head count; a count below 1 falls in the first bucket (F-1)."""
    return max(0, bisect_right(_STARTS, count) - 1)
