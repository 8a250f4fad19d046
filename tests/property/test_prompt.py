"""What holds for every prompt, whatever it says (F-1)."""

import dataclasses
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ranking.prompt import parse
from ranking.prompt.collection import describe
from ranking.taxonomy.loading import load_taxonomy
from ranking.types import Exclusions, Query, Targets

TAXONOMY = load_taxonomy()
PIECES = st.sampled_from(
    [
        *Path(__file__).with_name("prompt_pieces.txt").read_text("utf-8").split(),
        "\n",
        "\n- ",
        "\u202e",
        "more than",
        "we sell",
    ]
)
PROMPTS = st.one_of(
    st.lists(PIECES, max_size=25).map(" ".join),
    st.lists(PIECES, max_size=12).map("".join),
    st.text(max_size=80),
)
WISHES = st.sampled_from(
    [
        "HR software for healthcare companies in DACH with 50-500 employees",
        "CRM for banks in Germany, not startups",
        "mechanical contractors, not electrical-only, paving or staffing",
        "we sell payroll software to manufacturers except automotive",
        "logistics companies in Europe except Germany and France",
        "retailers with more than 200 employees, no restaurants",
        "CRM für Banken in Deutschland, keine Versicherungen",
        "CRM pour les hôtels, sauf les restaurants",
    ]
)
CLAUSES = st.sampled_from(
    ["hospitals", "law firms in Spain", "restaurants or hotels", "Siemens", "companies in Poland"]
)


def codes(query: Query) -> tuple[object, ...]:
    return (
        query.include,
        dataclasses.replace(query.exclude, companies=()),
        query.product.concepts,
        query.limit,
        query.language,
    )


@settings(max_examples=150, deadline=None)
@given(PROMPTS)
@example("banques not 50-500 banques")
def test_spans_are_words_of_the_prompt_and_every_value_has_one(prompt: str):
    query = parse(prompt, TAXONOMY)

    for span in query.spans:
        assert 0 <= span.start < span.end <= len(prompt)
        assert prompt[span.start : span.end] == span.text
    spanned = {(span.field, span.value) for span in query.spans}
    assert values(query) == spanned


def values(query: Query) -> set[tuple[str, str]]:
    """Return every value of a query with the name its span must have."""
    sides: list[tuple[str, Targets | Exclusions]] = [("include", query.include), ("exclude", query.exclude)]
    found = {
        (f"{side}.{spec.name}", describe(value))
        for side, fields in sides
        for spec in dataclasses.fields(fields)
        for value in getattr(fields, spec.name)
    }
    product = query.product
    found |= {("product.concepts", code) for code in product.concepts}
    found |= {("product.keywords", word) for word in product.keywords}
    found |= {("product.comparisons", name) for name in product.comparisons}
    found |= {("product.category", product.category)} if product.category else set()
    found |= {("exemplars", name) for name in query.exemplars}
    return found | ({("limit", str(query.limit))} if query.limit is not None else set())


@settings(max_examples=80, deadline=None)
@given(PROMPTS)
def test_parsing_is_deterministic_and_confidence_is_a_share(prompt: str):
    query = parse(prompt, TAXONOMY)

    assert parse(prompt, TAXONOMY) == query
    assert 0.0 <= query.confidence <= 1.0
    assert query.limit is None or 1 <= query.limit <= 2000


@settings(max_examples=80, deadline=None)
@given(PROMPTS)
def test_nothing_is_wanted_and_ruled_out_at_once(prompt: str):
    query = parse(prompt, TAXONOMY)

    for spec in dataclasses.fields(Targets):
        assert not set(getattr(query.include, spec.name)) & set(getattr(query.exclude, spec.name))


@settings(max_examples=40, deadline=None)
@given(WISHES, st.lists(st.sampled_from([" ", "  ", "\t", "\u00a0"]), min_size=30, max_size=30))
def test_white_space_does_not_change_the_codes(wish: str, spaces: list[str]):
    words = wish.split(" ")
    spaced = spaces[0] + "".join(word + gap for word, gap in zip(words, spaces[1:], strict=False))

    assert codes(parse(spaced, TAXONOMY)) == codes(parse(wish, TAXONOMY))


@settings(max_examples=40, deadline=None)
@given(WISHES, st.sampled_from([str.lower, str.upper, str.title]))
def test_letter_case_does_not_change_the_codes(wish: str, change):
    assert codes(parse(change(wish), TAXONOMY)) == codes(parse(wish, TAXONOMY))


@settings(max_examples=60, deadline=None)
@given(
    WISHES, st.sampled_from([", not {}", ", but not {}", ". No {}", ", excluding {}", ", except {}"]), CLAUSES
)
def test_another_not_clause_removes_no_exclusion(wish: str, frame: str, clause: str):
    before = parse(wish, TAXONOMY).exclude
    after = parse(wish + frame.format(clause), TAXONOMY).exclude

    for spec in dataclasses.fields(Exclusions):
        assert set(getattr(before, spec.name)) <= set(getattr(after, spec.name))


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   \n\t",
        "😀😀",
        "？！",
        "\u202e\u200f\x00\x07",
        "病院向けの人事ソフトウェア",
        "برنامج للمستشفيات",
        "-" * 50,
        "not",
        "like",
        "for",
        "50",
        "+",
    ],
)
def test_prompts_without_a_wish_are_empty_queries(prompt: str):
    query = parse(prompt, TAXONOMY)

    assert query.include == Targets()
    assert query.exclude == Exclusions()
    assert query.exemplars == ()


@pytest.mark.parametrize(
    "piece",
    [
        "for ",
        "like Stripe ",
        "not banks ",
        "50 ",
        "a and ",
        "软件",
        "hospitals and banks excluded, ",
        "1-",
        "companies ",
        ".",
    ],
)
def test_time_is_linear_in_the_length(piece: str):
    short, long = (piece * 4_000)[:2_000], (piece * 4_000)[:8_000]
    parse(short, TAXONOMY)

    assert cpu_s(long) <= 4 * 4 * cpu_s(short) + 0.02


def cpu_s(prompt: str) -> float:
    """Return the least CPU time of three parses."""
    times = []
    for _ in range(3):
        before = time.process_time()
        parse(prompt, TAXONOMY)
        times.append(time.process_time() - before)
    return min(times)
