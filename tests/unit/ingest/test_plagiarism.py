import pytest

from bench.reposts import STRENGTHS, repost
from ingest.plagiarism.detection import Detector
from ingest.plagiarism.index import SketchIndex, sketch
from tests.unit.ingest.reposting import posting, snippet

VOCABULARY = posting(999, 40).split()
STORED = 1_000
POSTS = 120


def detector(capacity=4_000):
    return Detector(SketchIndex(capacity))


def judged(*texts):
    return detector().judge(texts, {})


@pytest.fixture(scope="module")
def filled():
    """A detector that knows a thousand postings of as many companies, and what it stored."""
    stored = [
        snippet(posting(number), company=f"company {number}", minutes=number) for number in range(STORED)
    ]
    judge = detector()
    assert judge.judge(stored, {}) == []
    return judge, {text.ref: text for text in stored}


@pytest.mark.parametrize(("strength", "least"), [("light", 0.95), ("medium", 0.80)])
def test_edited_reposts_are_found_among_many(filled, strength, least):
    judge, known = filled
    found = 0
    for number in range(POSTS):
        text = repost(posting(number), strength, number, VOCABULARY)
        repeats = judge.repeats(snippet(text, "copier", f"company {number}", 10_000 + number), known)
        found += bool(repeats) and repeats[0].original.company_id == f"company {number}"
    assert found >= least * POSTS


def test_other_postings_made_of_the_same_phrases_are_innocent(filled):
    judge, known = filled
    for number in range(STORED, STORED + POSTS):
        text = snippet(posting(number), "honest", f"company {number}", 20_000 + number)
        assert judge.repeats(text, known) == []


def test_edits_are_the_same_for_a_seed_and_grow_with_the_strength():
    text = posting(1)
    assert repost(text, "light", 3, VOCABULARY) == repost(text, "light", 3, VOCABULARY)
    original = snippet(text).shingles
    kept = [
        len(set(original) & set(snippet(repost(text, strength, 3, VOCABULARY)).shingles))
        for strength in STRENGTHS
    ]
    assert kept == sorted(kept, reverse=True)


def test_a_repeat_names_its_original_the_distance_and_the_share():
    first, second = snippet(posting(1)), snippet(posting(1), "copier", minutes=5)
    (repeat,) = judged(first, second)
    assert (repeat.snippet, repeat.original) == (second, first)
    assert (repeat.likeness.distance, repeat.likeness.contained) == (0, 1.0)
    assert not repeat.is_renewal


def test_who_was_seen_first_is_the_original_even_when_it_arrives_last():
    late, early = snippet(posting(1), "copier", minutes=5), snippet(posting(1), "finder")
    (repeat,) = judged(late, early)
    assert (repeat.snippet, repeat.original) == (late, early)


def test_later_copies_point_to_the_earliest_after_it_arrived():
    late, early, later = (
        snippet(posting(1), "copier", minutes=5),
        snippet(posting(1), "finder"),
        snippet(posting(1), "other", minutes=9),
    )
    assert [(repeat.snippet, repeat.original) for repeat in judged(late, early, later)] == [
        (late, early),
        (later, early),
    ]


def test_at_one_moment_the_suppliers_name_decides_in_either_order():
    one, other = snippet(posting(1), "a"), snippet(posting(1), "b")
    for batch in ((one, other), (other, one)):
        (repeat,) = judged(*batch)
        assert repeat.original is one


def test_a_snippet_delivered_again_is_no_repeat_of_itself():
    judge = detector()
    text = snippet(posting(1))
    assert judge.judge([text], {}) == []
    assert judge.judge([text], {text.ref: text}) == []
    assert len(judge.judge([snippet(posting(1), "copier", minutes=1)], {text.ref: text})) == 1


def test_a_new_revision_takes_the_place_of_the_old_one():
    judge = detector()
    old, new = snippet(posting(1), key="post"), snippet(posting(2), key="post")
    judge.judge([old], {})
    judge.judge([new], {old.ref: old})
    assert judge.judge([snippet(posting(1), "other", minutes=3)], {new.ref: new}) == []
    assert len(judge.judge([snippet(posting(2), "copier", minutes=4)], {new.ref: new})) == 1


def test_a_supplier_renewing_his_own_posting_is_told_apart():
    (repeat,) = judged(snippet(posting(1)), snippet(posting(1), minutes=600))
    assert repeat.is_renewal


def test_a_posting_filed_under_another_company_is_a_repeat():
    (repeat,) = judged(snippet(posting(1)), snippet(posting(1), "copier", "beta", 5))
    assert repeat.original.company_id == "acme"


def test_titles_are_repeats_within_a_company_only():
    title = "Senior software engineer"
    repeats = judged(snippet(title), snippet(title, "b", "beta", 1), snippet(title.upper(), "c", "acme", 2))
    assert [repeat.snippet.miner_id for repeat in repeats] == ["c"]


def test_short_templates_about_other_companies_are_innocent():
    text = (
        "{} is hiring a senior software engineer in Berlin, apply on our careers page until the end of June."
    )
    assert judged(snippet(text.format("Acme")), snippet(text.format("Beta"), "b", "beta", 1)) == []


def test_short_texts_that_name_other_technologies_are_other_events():
    text = "According to its careers page the company has replaced its old system by {} this spring."
    first = snippet(text.format("HubSpot"), names=frozenset({"added hubspot"}))
    other = snippet(text.format("Pipedrive"), "b", minutes=1, names=frozenset({"added pipedrive"}))
    assert judged(first, other) == []


def test_naming_a_technology_does_not_clear_a_long_copy():
    copy = snippet(posting(1), "copier", minutes=1, names=frozenset({"added hubspot"}))
    assert len(judged(snippet(posting(1)), copy)) == 1


def test_an_excerpt_and_a_padded_text_are_repeats():
    whole, words = posting(1, 16), posting(1, 16).split()
    excerpt = snippet(" ".join(words[: len(words) // 2]), "b", minutes=1)
    padded = snippet(posting(7) + " " + whole, "c", minutes=2)
    assert [repeat.snippet for repeat in judged(snippet(whole), excerpt, padded)] == [excerpt, padded]


def test_empty_texts_repeat_nothing_long():
    assert judged(snippet(posting(1)), snippet("", "b", minutes=1), snippet("?!", "c", "beta", 2)) == []


def test_a_farm_of_reposts_does_not_hide_the_original():
    judge = detector()
    first = snippet(posting(1))
    known = {first.ref: first}
    judge.judge([first], {})
    farm = [snippet(posting(1), f"farmer {number}", minutes=1 + number) for number in range(300)]
    assert {repeat.original.ref for repeat in judge.judge(farm, known)} == {first.ref}


def test_what_was_erased_is_never_named():
    index = SketchIndex(100)
    text = snippet(posting(1))
    index.add(sketch(text))
    assert index.forget(text.ref)
    assert not index.forget(text.ref)
    assert index.candidates(snippet(posting(1), "copier", minutes=1)) == []


def test_the_index_forgets_the_oldest_half_and_stays_within_its_capacity():
    index = SketchIndex(100)
    texts = [snippet(posting(number), minutes=number) for number in range(400)]
    for text in texts:
        index.add(sketch(text))
    assert 50 <= len(index) <= 100
    assert index.memory_bytes == 2 * SketchIndex(100).memory_bytes
    copies = [snippet(posting(number), "copier", minutes=900) for number in range(400)]
    assert [
        text.ref in index.candidates(copy) for text, copy in zip(texts[-50:], copies[-50:], strict=True)
    ] == [True] * 50
    assert not any(
        text.ref in index.candidates(copy) for text, copy in zip(texts[:300], copies[:300], strict=True)
    )


def test_an_index_built_from_stored_sketches_answers_as_before(filled):
    _, known = filled
    index = SketchIndex(4_000)
    for text in known.values():
        index.add(sketch(text))
    judge, _ = filled
    for number in range(50):
        text = snippet(repost(posting(number), "medium", 5, VOCABULARY), "copier", minutes=30_000)
        assert Detector(index).repeats(text, known) == judge.repeats(text, known)


def test_a_text_that_one_may_not_see_is_never_the_original():
    private, shared = snippet(posting(1), owner="them"), snippet(posting(1), "b", minutes=1)
    theirs, ours = (
        snippet(posting(1), "c", minutes=2, owner="them"),
        snippet(posting(1), "d", minutes=3, owner="us"),
    )
    found = [(repeat.snippet, repeat.original) for repeat in judged(private, shared, theirs, ours)]
    assert found == [(theirs, private), (ours, shared)]
