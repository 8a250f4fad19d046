"""A batch is parted so that what it leaves behind does not depend on where it ends."""

from dataclasses import dataclass

from ingest.importers.sources import Placed
from ingest.streams.storing import turns


@dataclass(frozen=True)
class Row:
    snippet_id: str
    content_hash: str
    miner_id: str = "m"

    @property
    def event_id(self) -> str:
        return self.snippet_id


def parted(kind: str, rows: str) -> list[list[int]]:
    """Rows are words like `aX`: identity and content."""
    placed = [Placed(place, Row(word[0], word[1:])) for place, word in enumerate(rows.split())]
    return [[each.line for each in turn] for turn in turns(kind, placed)]  # type: ignore[arg-type]


def test_different_identities_go_together() -> None:
    assert parted("snippets", "aX bX cY") == [[0, 1, 2]]


def test_each_new_content_of_an_identity_waits_for_the_one_before() -> None:
    assert parted("snippets", "aX aY bX aZ bY") == [[0, 2], [1, 4], [3]]


def test_a_snippets_earlier_content_is_a_repeat_wherever_it_comes() -> None:
    assert parted("snippets", "aX aY aX") == [[0, 2], [1]]


def test_an_event_is_what_it_was_last_said_to_be() -> None:
    assert parted("outcomes", "aX aX aY aX") == [[0, 1], [2], [3]]


def test_no_rows_need_no_turn() -> None:
    assert parted("snippets", "") == []
