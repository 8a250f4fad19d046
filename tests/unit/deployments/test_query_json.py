"""What is made once of a request is what would be made each time."""

from dataclasses import replace

import orjson
import pytest

from deployments.query_json import QueryJson, moment
from ranking.types import Query


def test_each_query_gets_its_own_json_whatever_was_asked_before() -> None:
    made = QueryJson()
    one = Query(exemplars=("Müller & Söhne",))
    like_one, other = replace(one), replace(one, language="de")
    for query in (one, one, other, like_one, one, other, other):
        assert made.of(query) == orjson.dumps(query)


@pytest.mark.parametrize(
    ("at_s", "told"),
    [
        (0.0, "1970-01-01T00:00:00+00:00"),
        (1.75e9, "2025-06-15T15:06:40+00:00"),
        (1.75e9 + 0.5, "2025-06-15T15:06:40.500000+00:00"),
    ],
)
def test_a_moment_is_told_in_iso_8601(at_s: float, told: str) -> None:
    assert moment(at_s) == told
