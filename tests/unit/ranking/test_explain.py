import numpy as np
import pytest

from ranking.answer import Signal
from ranking.explain import waterfall, why
from ranking.fit import NO_LIKENESS
from ranking.kernels.presenting import account


def signal(**changes) -> Signal:
    fields = {
        "miner_id": "m", "snippet_id": "s", "kind": "job_posting", "text": "Payroll Specialist wanted", "source_url": None,
        "observed_at": "2026-04-01", "age_days": 6.0, "decay": 1.0, "points": 0.1, "matched_terms": ("Payroll",),
    }  # fmt: skip
    return Signal(**(fields | changes))


def points(
    levels: tuple[float, float, float],
    fit_weights: tuple[float, float, float],
    intents: tuple[float, float, float],
) -> dict[str, float]:
    """The points of each part of one lead; each is checked to be its weight times its value."""
    one = [np.array([value]) for value in (0.5, 0.5, 50.0, *intents, 0.0)]
    tables = [np.full(512, value) for value in levels]
    weights = [*[0.6 * weight for weight in fit_weights], 0.4]
    (row,) = account(
        np.zeros(1, dtype=np.int32),
        np.zeros(1, dtype=np.uint16),
        *tables,
        NO_LIKENESS,
        *one,
        np.array(weights),
    ).tolist()
    parts = waterfall(row[4:], weights)
    assert all(abs(part["weight"] * part["value"] - part["points"]) < 1e-12 for part in parts)
    return {part["part"]: part["points"] for part in parts}


def test_each_part_is_the_product_of_its_weights_and_its_value():
    assert points((1.0, 0.8, 0.5), (0.4, 0.3, 0.3), (50.0, 10.0, 5.0)) == {
        "fit.industry": 0.6 * 0.4 * 1.0,
        "fit.size": 0.6 * 0.3 * 0.8,
        "fit.region": 0.6 * 0.3 * 0.5,
        "intent.base": 0.4 * 50.0 / 100.0,
        "intent.churn": 0.4 * 10.0 / 100.0,
        "intent.job": 0.4 * 5.0 / 100.0,
    }


def test_what_the_cap_takes_away_is_a_part_of_its_own():
    found = points((1.0, 1.0, 1.0), (0.4, 0.3, 0.3), (90.0, 20.0, 15.0))
    assert found["intent.cap"] == -0.4 * 25.0 / 100.0
    assert abs(sum(found.values()) - (0.6 * 1.0 + 0.4 * 1.0)) < 1e-12


def test_there_is_no_cap_part_below_a_hundred():
    assert "intent.cap" not in points((0.5, 0.5, 0.5), (0.4, 0.3, 0.3), (100.0, 0.0, 0.0))


def described(*facts: object) -> str:
    return why("Acme", *facts, [], False).split(" fits")[0]


def test_what_is_known_of_the_company_stands_in_brackets():
    assert described("Berlin", "DE", 1240) == "Acme (Berlin, DE, 1,240 employees)"
    assert described("Berlin", None, None) == "Acme (Berlin)"
    assert described("", "DE", 0) == "Acme (DE, 0 employees)"
    assert described(None, "", 7) == "Acme (7 employees)"


def test_the_sentence_quotes_the_best_evidence_and_counts_the_rest():
    sentence = why("Acme", "Berlin", "DE", 240, [signal(), signal(), signal()], False)
    assert sentence == (
        "Acme (Berlin, DE, 240 employees) posted a job about Payroll 6 days ago: “Payroll Specialist wanted” "
        "2 more signals point the same way."
    )


def test_one_more_signal_is_singular():
    assert why("Acme", None, None, None, [signal(), signal()], False).endswith(
        "1 more signal points the same way."
    )


def test_without_evidence_the_sentence_says_so_and_claims_nothing():
    assert (
        why("Acme", None, None, None, [], False)
        == "Acme fits the request; no dated evidence of need is on record."
    )


def test_dates_are_told_as_people_tell_them():
    told = [why("A", None, None, None, [signal(age_days=age)], False) for age in (0.2, 1.5, 12.0, None)]
    for sentence, words in zip(
        told, ("today", "yesterday", "12 days ago", "at an unknown date"), strict=True
    ):
        assert words in sentence


def test_a_long_text_is_cut_at_a_word():
    sentence = why("A", None, None, None, [signal(text="word " * 100, matched_terms=())], False)
    assert "word…”" in sentence
    assert len(sentence) < 220


def test_a_missing_contact_is_named():
    assert why("A", None, None, None, [], True).endswith("No matching contact is known.")


@pytest.mark.parametrize(
    "text", ["a  b", " a b ", "a\u00a0b", "a\nb", "a\tb", "a\u2003b", "a\u2028 b", " a\u200b b"]
)
def test_a_quote_is_on_one_line_with_single_blanks(text: str):
    assert f"“{' '.join(text.split())}”" in why("A", None, None, None, [signal(text=text)], False)
