"""Rows of a prompts file as tables of any origin have them."""

from math import inf, nan

import pytest

from deployments.batch.rows import body_of, packed, prompt_row, prompt_rows, unpacked
from ranking.errors import InvalidQuery

AS_OF = "2026-06-30T00:00:00+00:00"


def test_a_column_of_integers_with_gaps_asks_as_integers_do():
    asked, gap = (
        prompt_row(line, {"prompt": "CRM", "prompt_id": identity, "limit": limit, "min_score": 0.25})
        for line, identity, limit in ((1, 7.0, 3.0), (2, nan, nan))
    )
    assert (asked.prompt_id, body_of(asked, AS_OF, None).limit) == ("7", 3)
    assert (gap.prompt_id, body_of(gap, AS_OF, 40).limit) == ("row-2", 40)
    assert body_of(prompt_row(1, {"prompt": "CRM", "limit": "5.0"}), AS_OF, None).limit == 5


@pytest.mark.parametrize("limit", [2.5, inf, "NaN", "many", 0.0])
def test_a_limit_that_is_no_count_is_refused(limit: object):
    travelled = unpacked(packed([prompt_row(1, {"prompt": "CRM", "limit": limit})]))
    with pytest.raises(InvalidQuery):
        body_of(travelled[0], AS_OF, None)


def test_bytes_are_read_as_utf_8_or_told_to_be_none():
    lines = [(1, {"prompt": "Größe".encode(), "prompt_id": b"a"}, None), (2, {"prompt": b"\xff"}, None)]
    read, broken = prompt_rows(lines)
    assert (read.prompt_id, read.prompt, read.fault) == ("a", "Größe", None)
    assert (broken.prompt_id, broken.fault) == ("row-2", "contains invalid UTF-8")
