import pytest

from bench.reposts import STRENGTHS, repost
from ingest.plagiarism.index import SketchIndex
from ingest.plagiarism.shingling import joined_words, majority, shared, shingles_of
from ranking.simhash import shingle_hashes, simhash
from tests.unit.ingest.reposting import Memory, posting, snippet

VOCABULARY = posting(999, 40).split()
STORED = 1_000
POSTS = 120


def judged(*texts):
    return Memory().judge(*texts)


@pytest.fixture(scope="module")
def filled():
    """A store that knows a thousand postings of as many companies."""
    stored = [
        snippet(posting(number), company=f"company {number}", minutes=number) for number in range(STORED)
    ]
    memory = Memory()
    assert memory.judge(*stored) == []
    return memory


@pytest.mark.parametrize(("strength", "least"), [("light", 0.95), ("medium", 0.80)])
def test_edited_reposts_are_found_among_many(filled, strength, least):
    found = 0
    for number in range(POSTS):
        text = repost(posting(number), strength, number, VOCABULARY)
        repeats = filled.found_for(snippet(text, "copier", f"company {number}", 10_000 + number))
        found += bool(repeats) and repeats[0].original.company_id == f"company {number}"
    assert found >= least * POSTS


def test_other_postings_made_of_the_same_phrases_are_innocent(filled):
    for number in range(STORED, STORED + POSTS):
        text = snippet(posting(number), "honest", f"company {number}", 20_000 + number)
        assert filled.found_for(text) == []


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
    memory = Memory()
    text = snippet(posting(1))
    assert memory.judge(text) == []
    assert memory.judge(text) == []
    assert len(memory.judge(snippet(posting(1), "copier", minutes=1))) == 1


def test_a_new_revision_takes_the_place_of_the_old_one():
    memory = Memory()
    old, new = snippet(posting(1), key="post"), snippet(posting(2), key="post")
    memory.judge(old)
    memory.judge(new)
    assert memory.judge(snippet(posting(1), "other", minutes=3)) == []
    assert len(memory.judge(snippet(posting(2), "copier", minutes=4))) == 1


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


def test_short_texts_that_begin_alike_are_other_events():
    text = "Khan Apps plans its {}. Until the opening the company wants an observability platform in place."
    assert (
        judged(
            snippet(text.format("fifth location")),
            snippet(text.format("site in Cork with 690 jobs"), "b", minutes=1),
        )
        == []
    )
    labelled = snippet("ICYMI: " + text.format("fifth location") + " Read more", "c", minutes=2)
    assert len(judged(snippet(text.format("fifth location")), labelled)) == 1


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
    first = snippet(posting(1))
    farm = [snippet(posting(1), f"farmer {number}", minutes=1 + number) for number in range(300)]
    repeats = judged(first, *farm)
    assert [repeat.original.ref for repeat in repeats] == [first.ref] * 300


def test_what_was_erased_is_never_named():
    index = SketchIndex(100)
    text = snippet(posting(1))
    index.add(text)
    assert index.forget([text.ref]) == 1
    assert index.forget([text.ref]) == 0
    assert index.candidates(snippet(posting(1), "copier", minutes=1)) == []


def test_the_index_forgets_the_oldest_half_and_stays_within_its_capacity():
    index = SketchIndex(100)
    texts = [snippet(posting(number), minutes=number) for number in range(400)]
    for text in texts:
        index.add(text)
    assert 50 <= len(index) <= 100
    assert index.memory_bytes <= 246 * 100
    copies = [snippet(posting(number), "copier", minutes=900) for number in range(400)]
    assert [
        text.ref in index.candidates(copy) for text, copy in zip(texts[-50:], copies[-50:], strict=True)
    ] == [True] * 50
    assert not any(
        text.ref in index.candidates(copy) for text, copy in zip(texts[:300], copies[:300], strict=True)
    )


def test_a_text_that_one_may_not_see_is_never_the_original():
    private, shared = snippet(posting(1), owner="them"), snippet(posting(1), "b", minutes=1)
    theirs, ours = (
        snippet(posting(1), "c", minutes=2, owner="them"),
        snippet(posting(1), "d", minutes=3, owner="us"),
    )
    found = [(repeat.snippet, repeat.original) for repeat in judged(private, shared, theirs, ours)]
    assert found == [(theirs, private), (ours, shared)]


def test_shingles_and_fingerprints_are_those_of_the_slow_way():
    for text in (
        "",
        "One",
        "one two",
        "Ümläute, U.S. firms' C++ & node.js",
        "a\u00a0b 1\u202f000 c\u2019s",
        posting(3),
        "x" * 99,
    ):
        shingles = shingles_of(joined_words(text))
        assert shingles.tolist() == shingle_hashes(text).tolist()
        assert majority(shingles) == simhash(shingles)


def test_shared_counts_what_both_hold():
    left, right = snippet(posting(1)).shingles, snippet(posting(1)[:200]).shingles
    assert shared(left, right) == len(set(left.tolist()) & set(right.tolist()))
