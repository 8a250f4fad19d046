from ranking.answer import Signal
from ranking.explain import waterfalls, why
from ranking.fusion import FinalWeights


def signal(**changes) -> Signal:
    fields = {
        "snippet_id": "s", "kind": "job_posting", "text": "Payroll Specialist wanted", "source_url": None,
        "observed_at": "2026-04-01", "age_days": 6.0, "decay": 1.0, "points": 0.1, "matched_terms": ("Payroll",),
    }  # fmt: skip
    return Signal(**(fields | changes))


def points(parts) -> dict[str, float]:
    return {part.part: part.points for part in parts}


def test_each_part_is_the_product_of_its_weights_and_its_value():
    (parts,) = waterfalls([(1.0, 0.8, 0.5)], (0.4, 0.3, 0.3), [(50.0, 10.0, 5.0)], FinalWeights())
    assert points(parts) == {
        "fit.industry": 0.6 * 0.4 * 1.0,
        "fit.size": 0.6 * 0.3 * 0.8,
        "fit.region": 0.6 * 0.3 * 0.5,
        "intent.base": 0.4 * 50.0 / 100.0,
        "intent.churn": 0.4 * 10.0 / 100.0,
        "intent.job": 0.4 * 5.0 / 100.0,
    }
    assert all(abs(part.weight * part.value - part.points) < 1e-12 for part in parts)


def test_what_the_cap_takes_away_is_a_part_of_its_own():
    (parts,) = waterfalls([(1.0, 1.0, 1.0)], (0.4, 0.3, 0.3), [(90.0, 20.0, 15.0)], FinalWeights())
    assert points(parts)["intent.cap"] == -0.4 * 25.0 / 100.0
    assert abs(sum(points(parts).values()) - (0.6 * 1.0 + 0.4 * 1.0)) < 1e-12


def test_there_is_no_cap_part_below_a_hundred():
    (parts,) = waterfalls([(0.5, 0.5, 0.5)], (0.4, 0.3, 0.3), [(100.0, 0.0, 0.0)], FinalWeights())
    assert "intent.cap" not in points(parts)


def test_the_sentence_quotes_the_best_evidence_and_counts_the_rest():
    sentence = why("Acme", ["Berlin, DE", "240 employees"], [signal(), signal(), signal()], False)
    assert sentence == (
        "Acme (Berlin, DE, 240 employees) posted a job about Payroll 6 days ago: “Payroll Specialist wanted” "
        "2 more signals point the same way."
    )


def test_one_more_signal_is_singular():
    assert why("Acme", [], [signal(), signal()], False).endswith("1 more signal points the same way.")


def test_without_evidence_the_sentence_says_so_and_claims_nothing():
    assert why("Acme", [], [], False) == "Acme fits the request; no dated evidence of need is on record."


def test_dates_are_told_as_people_tell_them():
    told = [why("A", [], [signal(age_days=age)], False) for age in (0.2, 1.5, 12.0, None)]
    for sentence, words in zip(
        told, ("today", "yesterday", "12 days ago", "at an unknown date"), strict=True
    ):
        assert words in sentence


def test_a_long_text_is_cut_at_a_word():
    sentence = why("A", [], [signal(text="word " * 100, matched_terms=())], False)
    assert "word…”" in sentence
    assert len(sentence) < 220


def test_a_missing_contact_is_named():
    assert why("A", [], [], True).endswith("No matching contact is known.")
