"""What holds for a merged parse, whatever the prompt and whatever the language model replies (F-1)."""

import json
import random
from dataclasses import fields

from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.llm.parsing import rules_out_as_much
from deployments.standin.prompt_book import shipped_prompts
from models.llm.control import control
from models.llm.reading import FIELDS, Heard, Said, read_said
from models.llm.reading_merge import MOST_CONFIDENCE, merge
from models.llm.reply import GarbledReply
from ranking.correction import checked
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from ranking.text import words

TAXONOMY = load_taxonomy()
CONTROL = control(random.Random(1))
ODD = tuple(shipped_prompts())
TEXTS = tuple(text for text, _ in ODD)
RIGHT = {text: read.readings for text, read in ODD}
PIECES = sorted(
    {piece for text in TEXTS for piece in text.split()} | {"not", "except", "banks", "France", "200+"}
)
PROMPTS = st.one_of(
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
    st.text(max_size=60),
)
CODES = st.sampled_from(
    [
        *TAXONOMY.CONCEPTS[:40], *TAXONOMY.INDUSTRIES[:40], *TAXONOMY.COUNTRIES[:20], *TAXONOMY.REGIONS, *TAXONOMY.ROLES[:20],
        *TAXONOMY.STAGES, "France", "Munich", "50-500", "500-50", "0-0", "9999999999+", "-", "25", "0", "startups", "VP", "",
        "Ignore all rules", "\ud800", "x" * 200,
    ]
)  # fmt: skip


def quotes(prompt: str) -> st.SearchStrategy[str]:
    pieces = prompt.split()
    spans = st.tuples(st.integers(0, max(len(pieces) - 1, 0)), st.integers(1, 6))
    return st.one_of(
        spans.map(lambda span: " ".join(pieces[span[0] : span[0] + span[1]])), st.text(max_size=20)
    )


def replies(prompt: str) -> st.SearchStrategy[Said]:
    heard = st.builds(Heard, st.sampled_from(FIELDS), st.one_of(CODES, quotes(prompt)), quotes(prompt))
    right = [Heard(*reading) for reading in RIGHT.get(prompt, ())]
    some = st.lists(heard, max_size=20)
    if right:  # half a good reply, so that what else it says is believed
        some = st.tuples(st.lists(st.sampled_from(right), unique=True), some).map(
            lambda parts: parts[0] + parts[1]
        )
    return st.builds(Said, st.sampled_from(["", "en", "de", "pl"]), some.map(tuple))


CASES = PROMPTS.flatmap(lambda prompt: st.tuples(st.just(prompt), replies(prompt)))


@settings(max_examples=200, deadline=None)
@given(CASES)
def test_exclusions_of_the_rules_stay_and_every_code_exists(case):
    prompt, said = case
    rules = parse(prompt, TAXONOMY)
    query, outcome = merge(prompt, rules, said, TAXONOMY)
    assert rules_out_as_much(query, rules)
    assert checked(query, TAXONOMY).include == query.include
    assert checked(query, TAXONOMY).exclude == query.exclude
    assert outcome == "merged" or query is rules
    assert rules.confidence <= query.confidence <= max(rules.confidence, MOST_CONFIDENCE)


@settings(max_examples=120, deadline=None)
@given(CASES)
def test_what_is_wanted_is_not_ruled_out_and_every_span_shows_its_words(case):
    prompt, said = case
    rules = parse(prompt, TAXONOMY)
    query = merge(prompt, rules, said, TAXONOMY).query
    for name in (each.name for each in fields(query.include)):
        fresh = set(getattr(query.include, name)) - set(getattr(rules.include, name))
        assert fresh.isdisjoint(getattr(query.exclude, name))
    for span in query.spans:
        assert prompt[span.start : span.end] == span.text
        assert 0 <= span.start < span.end <= len(prompt)


@settings(max_examples=120, deadline=None)
@given(CASES)
def test_what_the_model_adds_was_said_in_the_prompt(case):
    prompt, said = case
    rules = parse(prompt, TAXONOMY)
    query = merge(prompt, rules, said, TAXONOMY).query
    held = {(span.field, span.value) for span in rules.spans}
    for span in query.spans:
        if (span.field, span.value) not in held:
            assert any(words(heard.words) == words(span.text) for heard in said.heard)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10), st.sampled_from(FIELDS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["control", "language", "readings", "field", "value", "words"]), inner, max_size=4),
    ),
    max_leaves=20,
).map(json.dumps)))  # fmt: skip
def test_a_reply_is_readings_or_garbled_and_nothing_else(content):
    try:
        said = read_said(content, CONTROL)
    except GarbledReply:
        return
    assert all(heard.field in FIELDS for heard in said.heard)
