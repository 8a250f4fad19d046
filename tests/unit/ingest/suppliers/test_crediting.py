import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.suppliers.crediting import Revision, current, events_of, original_words, shared_points, subject_of

DAY_S = 86_400.0
FAR = (1 << 40) - 1  # forty bits from 0


def text(
    seen_days: float, simhash: int = 0, subject: str = "crm", cluster: str = "acme", miner: int = 0
) -> Revision:
    return Revision(miner, "s", cluster, (subject,), simhash, seen_days * DAY_S)


def test_points_of_a_lead_go_to_those_that_made_them_and_the_rest_to_the_others() -> None:
    assert shared_points([0.1, 0.05], 0.15) == pytest.approx([0.1, 0.05])
    assert shared_points([0.1, None], 0.15) == pytest.approx([0.1, 0.05])
    assert shared_points([0.1, 0.1], 0.3) == pytest.approx([0.15, 0.15])
    assert shared_points([None, None], 0.3) == pytest.approx([0.15, 0.15])
    assert shared_points([], 0.3) == []


@given(st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=5), st.floats(0, 1))
@example([5e-324], 0.6)  # the product of the two is as small as the sum that it is divided by
def test_no_more_is_shared_than_there_is(points: list[float | None], more: float) -> None:
    total = sum(each for each in points if each) + more
    shared = shared_points(points, total)
    assert all(each >= 0.0 for each in shared)
    assert sum(shared) <= total + 1e-9


def test_news_of_one_matter_is_one_event_until_it_rests() -> None:
    texts = [text(0), text(20), text(45), text(100), text(20, subject="erp"), text(20, cluster="other")]
    event = events_of(texts, 30.0)
    assert event[0] == event[1] == event[2]
    assert len({int(event[0]), int(event[3]), int(event[4]), int(event[5])}) == 4


def test_the_same_words_again_are_no_confirmation() -> None:
    texts = [text(0), text(1, simhash=0b111, miner=1), text(2, simhash=FAR, miner=2)]
    event = events_of(texts, 30.0)
    assert original_words(texts, event, np.ones(3, dtype=np.bool_)).tolist() == [True, False, True]


def test_words_struck_out_hide_nobody_behind_them() -> None:
    texts = [text(0), text(1, miner=1)]
    counted = np.array([False, True])
    assert original_words(texts, events_of(texts, 30.0), counted).tolist() == [False, True]


def test_an_old_id_with_new_words_is_as_young_as_its_words() -> None:
    assert current([text(0, simhash=FAR), text(50)]).seen_s == 50 * DAY_S
    assert current([text(0, simhash=0b1), text(50)]).seen_s == 0.0


def test_what_a_posting_is_about_are_its_roles_and_of_a_change_its_technologies() -> None:
    assert subject_of("job_posting", ["sap"], [], ["payroll"]) == ("job_posting", "+sap", "role payroll")
    assert subject_of("tech_change", ["b"], ["a"], []) == ("tech_change", "+b", "-a")
    assert subject_of("news", [], [], ["payroll"]) == ("news",)
