"""Whoever was first is the original, in whatever order, batches and processes the texts arrive."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.reposts import repost
from ingest.plagiarism.index import SketchIndex
from ingest.plagiarism.verdict import likeness
from tests.unit.ingest.reposting import Memory, posting, snippet

VOCABULARY = posting(999, 40).split()
FAMILIES = 3
SEEDS = st.integers(0, 2**32)
MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def arrivals(draw):
    """Copies of a few texts, lightly edited or word by word, about two companies, some seen at one moment, in some order.

    Any two of a family are alike. Likeness is not transitive, and of two originals that are not alike a third text repeats whichever
    came first (decision 0038).
    """
    texts, families = [], [[] for _ in range(FAMILIES)]
    for place in range(draw(st.integers(2, 14))):
        family = draw(st.integers(0, FAMILIES - 1))
        text = posting(family)
        if draw(st.booleans()):
            text = repost(text, "light", place, VOCABULARY)
        company = draw(st.sampled_from(("acme", "beta")))
        made = snippet(text, f"miner {place}", company, draw(st.integers(0, 5)), key=str(place))
        if all(likeness(made, other) for other in families[family]):
            families[family].append(made)
            texts.append(made)
    return draw(st.permutations(texts))


def parted(texts, seed):
    """The texts in batches of random lengths."""
    dice, rest = random.Random(seed), list(texts)
    while rest:
        count = dice.randint(1, len(rest))
        yield rest[:count]
        rest = rest[count:]


def found(batches):
    memory = Memory()
    for batch in batches:
        memory.judge(*batch)
    return memory.found()


@MANY
@given(arrivals(), SEEDS)
def test_the_order_of_arrival_and_the_ends_of_batches_change_nothing(texts, seed):
    in_order = found([[text] for text in sorted(texts, key=lambda text: text.precedence)])
    assert found([texts]) == in_order
    assert found([[text] for text in texts]) == in_order
    assert found(parted(texts, seed)) == in_order


@MANY
@given(arrivals())
def test_the_original_is_the_first_of_its_family(texts):
    first = {}
    for text in sorted(texts, key=lambda text: text.precedence):
        family = next(number for number in range(FAMILIES) if shares_words(text, number))
        first.setdefault(family, text.miner_id)
    originals = set(found([texts]).values())
    assert originals <= set(first.values())


def shares_words(text, number):
    mine, whole = set(text.shingles.tolist()), set(snippet(posting(number)).shingles.tolist())
    return len(mine & whole) > len(whole) / 3


@MANY
@given(arrivals(), SEEDS)
def test_a_restart_in_between_changes_nothing(texts, seed):
    memory = Memory()
    for batch in parted(texts, seed):
        memory.judge(*batch)
        kept = [text for ref, text in memory.texts.items() if ref not in memory.repeats]
        memory.index = SketchIndex(4_000)
        memory.index.add(*kept)
    assert memory.found() == found([texts])


@MANY
@given(arrivals(), SEEDS)
def test_what_is_delivered_again_is_judged_the_same(texts, seed):
    again = random.Random(seed).choices(texts, k=len(texts))
    assert found([texts, *([text] for text in again)]) == found([texts])
