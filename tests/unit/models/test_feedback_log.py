"""What counts as shown, where it stood, and what came of it."""

from datetime import UTC, datetime, timedelta

from models.feedback_log import AnsweredQuery, FeedbackEvent, FeedbackList, feedback_lists
from ranking.types import Query

AT = datetime(2026, 4, 1, 12, tzinfo=UTC)
QUERY = AnsweredQuery(
    "q1", "crm", Query(), AT, "g1+7", ("a", "b", "c"), ("standing", "challenger", "standing")
)


def event(
    company: str, kind: str, *, query: str | None = "q1", hours: float = 1.0, **told: object
) -> FeedbackEvent:
    fields = {"label": None, "position": None, **told}
    return FeedbackEvent(query, "crm", company, kind, AT + timedelta(hours=hours), **fields)  # type: ignore[arg-type]


def lists(*events: FeedbackEvent) -> list[FeedbackList]:
    return feedback_lists([QUERY], events, lambda _: Query())


def test_a_list_of_which_nothing_was_told_to_be_seen_counts_whole() -> None:
    (found,) = lists(event("b", "click"))
    assert (found.companies, found.places.tolist()) == (("a", "b", "c"), [1, 2, 3])
    assert found.clicked.tolist() == [False, True, False]
    assert found.picked_by == ("standing", "challenger", "standing")
    assert (found.setting, found.as_of_s) == ("g1", AT.timestamp())


def test_what_was_told_to_be_seen_counts_and_what_was_clicked() -> None:
    (found,) = lists(event("a", "impression"), event("c", "click"))
    assert (found.companies, found.places.tolist()) == (("a", "c"), [1, 3])
    assert found.picked_by == ("standing", "standing")


def test_a_place_that_is_told_goes_before_the_logs() -> None:
    (found,) = lists(event("a", "impression", position=2), event("b", "impression", position=1))
    assert (found.companies, found.places.tolist()) == (("b", "a"), [1, 2])
    assert found.picked_by == ("challenger", "standing")


def test_what_goes_beyond_a_click_is_one_and_only_a_conversion_is_a_purchase() -> None:
    (found,) = lists(event("a", "meeting"), event("b", "conversion"), event("c", "impression", label=True))
    assert found.clicked.tolist() == [True, True, True]
    assert found.bought.tolist() == [False, True, True]
    assert found.rewarded("conversion").tolist() == [False, True, True]


def test_events_before_the_list_come_of_something_else() -> None:
    (found,) = lists(event("a", "click", hours=-1.0), event("b", "click"))
    assert found.clicked.tolist() == [False, True, False]


def test_a_query_of_which_nothing_was_told_makes_no_list() -> None:
    assert lists() == []


def test_impressions_without_a_query_make_a_list_where_they_name_their_places() -> None:
    told = [
        event("x", "impression", query=None, hours=0, position=2),
        event("y", "impression", query=None, hours=0, position=1),
        event("z", "impression", query=None, hours=0),
        event("x", "click", query=None, hours=5),
        event("y", "conversion", query=None, hours=24 * 91),
    ]
    (found,) = feedback_lists([], told, lambda _: Query())
    assert (found.companies, found.places.tolist()) == (("y", "x"), [1, 2])
    assert (found.clicked.tolist(), found.bought.tolist()) == ([False, True], [False, False])
    assert (found.setting, found.picked_by) == ("2026-04-01", ())


def test_companies_that_were_not_in_the_list_leave_nobody_credited() -> None:
    (found,) = lists(event("a", "impression"), event("new", "impression", position=9))
    assert found.companies == ("a", "new")
    assert found.picked_by == ()
