"""The stand-in's readings of prompts: by heart, or word by word."""

import json
import random

import pytest

from deployments.standin.prompt_book import PromptBook, readings_content, shipped_prompts
from models.llm.reading import FIELDS, Heard, read_said
from models.llm.reading_prompt import Wording, reading_prompt
from ranking.taxonomy import load_taxonomy
from ranking.text import words

TAXONOMY = load_taxonomy()
BOOK = PromptBook.shipped()


def asked(text, seed=1):
    return reading_prompt(Wording(text, TAXONOMY.CONCEPTS, TAXONOMY.INDUSTRIES), random.Random(seed))


def told(text, fault=None, seed=1):
    prompt = asked(text, seed)
    read, known = BOOK.read(prompt.system, prompt.user)
    return read_said(readings_content(read, known, fault), prompt.control)


def test_every_control_request_is_read_rightly():
    for seed in range(400):
        assert told("anything", seed=seed).heard == ()


def test_a_known_prompt_is_known_whatever_its_capitals_and_marks():
    said = told("SELL cyber stuff 2 town halls, n school districts - Ohio!")
    assert Heard("include.regions", "Ohio", "ohio") in said.heard


def test_an_unknown_prompt_is_read_word_by_word():
    said = told("payroll for hotels with 50-500 people, no schools")
    assert {(each.field, each.value) for each in said.heard} == {
        ("product.concepts", "payroll"),
        ("include.industries", "hotels"),
        ("include.employees", "50-500"),
        ("exclude.industries", "schools"),
    }


@pytest.mark.parametrize(("text", "read"), list(shipped_prompts()))
def test_the_book_quotes_its_prompts(text, read):
    assert {field for field, _, _ in read.readings} <= set(FIELDS)
    folded = " ".join(words(text))
    for field, _, said in read.readings:
        assert " ".join(words(said)) in folded, (field, said)


def test_faults_spoil_the_reply_as_they_say():
    read, known = BOOK.read(asked("payroll for hotels").system, asked("payroll for hotels").user)
    whole = readings_content(read, known, None)
    assert len(readings_content(read, known, "truncated")) == len(whole) // 2
    assert json.loads(readings_content(read, known, "out_of_range")) != json.loads(whole)
