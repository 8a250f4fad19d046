"""Which texts repeat another one, and which of a group counts."""

import numpy as np

from ranking.duplicates import Text, originals
from ranking.repeats import superseded

NEWS = (
    "Harbour Hotels is looking for a new booking system for its nine houses on the coast, "
    "because guests keep arriving to double bookings, says the director."
)
POSTING = (
    "Payroll accountant, Leeds. You run the payroll of nine hundred people with two colleagues, answer their "
    "questions and report to the head of finance. We offer thirty days of holiday and a canteen."
)
NAN = float("nan")


def text(body: str, *, posting: bool = False, owner: int = 0, names: tuple[int, ...] = ()) -> Text:
    return Text(body, posting, owner, frozenset(names))


def test_labels_before_a_repost_hide_nothing() -> None:
    labelled = (
        "Repost: ",
        "ICYMI: ",
        "UPDATE: ",
        "Rappel : ",
        "Zur Erinnerung: ",
        "Promemoria: ",
        "In case you missed it: ",
    )
    assert originals([text(NEWS), *(text(label + NEWS) for label in labelled)]) == [0] * 8


def test_a_label_before_a_short_text_hides_nothing() -> None:
    assert originals(
        [text("Hiring a nurse"), text("Repost: hiring a nurse"), text("REMINDER Hiring a nurse!")]
    ) == [0, 0, 0]


def test_boilerplate_around_a_text_hides_nothing() -> None:
    about = " About the publisher: we bring you all that moves the region's economy, every day, on paper and online, since 1951."
    assert originals(
        [text(NEWS), text(NEWS + about), text("Regional news, morning edition, page three. " + NEWS + about)]
    ) == [0, 0, 0]


def test_a_light_edit_hides_nothing() -> None:
    edited = NEWS.replace("keep arriving", "arrive all the time")
    assert originals([text(NEWS), text(edited)]) == [0, 0]


def test_a_repeat_of_a_repeat_repeats_the_first() -> None:
    once = "Repost: " + NEWS
    assert originals([text(NEWS), text(once), text("Again. " + once + " Read more")]) == [0, 0, 0]


def test_other_news_stays() -> None:
    other = "Harbour Hotels opens a tenth house on the coast and hires sixty people for kitchen and service."
    assert originals([text(NEWS), text(other), text("Harbour Hotels wins a prize")]) == [0, 1, 2]


def test_short_texts_must_be_equal() -> None:
    assert originals([text("senior software engineer"), text("senior software engineer backend")]) == [0, 1]


def test_a_longer_title_of_a_posting_is_another_posting() -> None:
    plain, longer = (
        "Head of Corporate Responsibility, Lisbon office",
        "Head of Corporate Responsibility, Lisbon office, night shift",
    )
    assert originals([text(plain, posting=True), text(longer, posting=True)]) == [0, 1]
    assert originals([text(plain), text(longer)]) == [0, 0]


def test_one_template_under_two_titles_is_two_postings() -> None:
    other = POSTING.replace(
        "Payroll accountant, Leeds. You run the payroll", "Night nurse wanted in York now. You run the ward"
    )
    assert originals([text(POSTING, posting=True), text(other, posting=True)]) == [0, 1]


def test_a_posting_and_news_about_it_are_not_the_same() -> None:
    assert originals([text(POSTING, posting=True), text(POSTING)]) == [0, 1]


def test_a_text_that_names_another_technology_is_no_repeat() -> None:
    texts = [text(NEWS, names=(1,)), text(NEWS), text(NEWS, names=(3,))]
    assert originals(texts) == [0, 0, 2]


def test_private_texts_hide_nothing_from_others() -> None:
    assert originals([text(NEWS, owner=1), text(NEWS, owner=2), text(NEWS, owner=1)]) == [0, 1, 0]
    assert originals([text(NEWS), text(NEWS, owner=2)]) == [0, 0]


def test_lines_about_the_company_join_nothing() -> None:
    about = (
        "Harbour Hotels has welcomed guests on the coast since 1931. Nine houses, six hundred people and one "
        "family stand for good beds, good food and quiet nights between the lighthouse and the old fish market."
    )
    told = (
        "Harbour Hotels opens a tenth house in May.",
        "The director of the hotels retires next year.",
        "Rooms get new beds.",
    )
    assert originals([text(f"{one} {about}") for one in told]) == [0, 1, 2]


def test_a_shingle_that_all_texts_share_names_no_candidates() -> None:
    texts = [
        text(f"{chr(97 + number // 26)}{chr(97 + number % 26)} x{number} " * 8 + "nine houses on the coast")
        for number in range(80)
    ]
    assert originals(texts) == list(range(80))


def mask(*values: int) -> np.ndarray:
    return np.array(values, dtype=bool)


def dropped(
    original: list[int], miner: list[int], observed: list[float], posting: np.ndarray, eligible: np.ndarray
) -> list[bool]:
    found = superseded(
        np.array(original, np.int32),
        np.array(miner, np.int32),
        np.array(observed),
        posting=posting,
        eligible=eligible,
    )
    return found.tolist()


def test_the_original_counts_and_repeats_do_not() -> None:
    assert dropped([0, 0, 2, 0], [1, 2, 1, 1], [1.0, 9.0, 5.0, 8.0], mask(0, 0, 0, 0), mask(1, 1, 1, 1)) == [
        False,
        True,
        False,
        True,
    ]


def test_a_vacancy_renewed_by_its_supplier_counts_with_its_newest_date() -> None:
    assert dropped([0, 0, 0], [1, 1, 2], [1.0, 5.0, 9.0], mask(1, 1, 1), mask(1, 1, 1)) == [True, False, True]


def test_an_unknown_original_is_replaced_by_the_first_known_repeat() -> None:
    assert dropped([0, 0, 0], [1, 2, 3], [9.0, 2.0, 1.0], mask(0, 0, 0), mask(0, 1, 1)) == [True, False, True]


def test_a_dated_renewal_outdoes_an_undated_original_and_an_undated_one_does_not() -> None:
    assert dropped([0, 0], [1, 1], [NAN, 5.0], mask(1, 1), mask(1, 1)) == [True, False]
    assert dropped([0, 0], [1, 1], [5.0, NAN], mask(1, 1), mask(1, 1)) == [False, True]


def test_without_repeats_all_count() -> None:
    assert dropped([0, 1], [1, 1], [1.0, 2.0], mask(0, 0), mask(1, 0)) == [False, False]
