"""What a second reading is worth on prompts that the rules are unsure of, and what a bad one can do (decision record 0032)."""

import random

import pytest

from configs.llm import ParsingConfig
from deployments.standin.prompt_book import readings_content, shipped_prompts
from models.llm.control import control
from models.llm.reading import BESIDE, CATEGORY, FIELDS, LIMIT, Heard, Said, read_said
from models.llm.reading_codes import found_in
from models.llm.reading_merge import merge
from models.llm.reply import GarbledReply
from ranking.prompt import parse
from ranking.prompt.collection import describe
from ranking.prompt.meaning import KEYWORD
from ranking.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
BOOK = list(shipped_prompts())
UNTESTED = (BESIDE, CATEGORY, LIMIT, KEYWORD)
SEEDS = 20


def as_said(read):
    return Said(read.language, tuple(Heard(*each) for each in read.readings))


def values(query):
    return {(span.field, span.value) for span in query.spans if span.field not in UNTESTED}


def right_values(text, read):
    found = found_in(text, as_said(read), TAXONOMY)
    return {(each.field, describe(each.value)) for each in found if each.field not in UNTESTED}


def account(reply):
    """Right, wrong, lost exclusions, prompts better and worse: each over the whole book, by one reply to each prompt."""
    right = wrong = lost = better = worse = 0
    for number, (text, read) in enumerate(BOOK):
        rules = parse(text, TAXONOMY)
        said = reply(number, text, read)
        query = rules if said is None else merge(text, rules, said, TAXONOMY).query
        before, after, truth = values(rules), values(query), right_values(text, read)
        right, wrong = right + len(after & truth), wrong + len(after - truth)
        lost += sum(field.startswith("exclude") for field, _ in before - after)
        gain = len(after & truth) - len(after - truth) - len(before & truth) + len(before - truth)
        better, worse = better + (gain > 0), worse + (gain < 0)
    return right, wrong, lost, better, worse


def of_another(number, _text, _read):
    return as_said(BOOK[(number + 1) % len(BOOK)][1])


def nothing(*_):
    return Said("en", ())


def shuffled(seed):
    def reply(number, _text, read):
        rng = random.Random(1000 * number + seed)
        told = [value for _, value, _ in read.readings]
        rng.shuffle(told)
        heard = zip(read.readings, told, strict=True)
        return Said(read.language, tuple(Heard(field, value, words) for (field, _, words), value in heard))

    return reply


def noise(seed):
    known = [(field, value) for _, read in BOOK for field, value, _ in read.readings]

    def reply(number, text, _read):
        rng, pieces = random.Random(1000 * number + seed), text.split()
        heard = []
        for _ in range(rng.randint(3, 10)):
            start = rng.randrange(len(pieces))
            heard.append(Heard(*rng.choice(known), " ".join(pieces[start : start + rng.randint(1, 3)])))
        return Said("en", tuple(heard))

    return reply


def test_the_rules_are_unsure_of_nearly_all_prompts_of_the_book():
    unsure = ParsingConfig().unsure_below
    assert sum(parse(text, TAXONOMY).confidence < unsure for text, _ in BOOK) >= 0.8 * len(BOOK)
    assert {read.language for _, read in BOOK} == {"en", "de", "fr", "es", "pt", "it", "nl"}


def test_a_right_reply_nearly_doubles_what_is_read_and_harms_no_prompt():
    rules, merged = account(lambda *_: None), account(lambda _number, _text, read: as_said(read))
    assert merged[0] >= 1.8 * rules[0]
    assert merged[1] <= 0.7 * rules[1]
    assert (merged[2], merged[4]) == (0, 0)
    assert merged[3] >= 0.85 * len(BOOK)


@pytest.mark.parametrize("reply", [of_another, nothing])
def test_a_reply_to_another_prompt_or_to_none_changes_nothing(reply):
    assert account(reply) == account(lambda *_: None)


@pytest.mark.parametrize("garbage", [shuffled, noise])
def test_garbage_never_takes_an_exclusion_away_and_seldom_passes_the_rules(garbage):
    told = [account(garbage(seed)) for seed in range(SEEDS)]
    assert sum(lost for _, _, lost, _, _ in told) == 0
    assert sum(worse for *_, worse in told) <= 0.2 * SEEDS * len(BOOK)


@pytest.mark.parametrize("fault", ["truncated", "invalid_json", "wrong_ids", "missing_id"])
def test_replies_of_the_wrong_form_are_not_read(fault):
    for _, read in BOOK:
        with pytest.raises(GarbledReply):
            read_said(readings_content(read, (), fault), control(random.Random(1)))


def test_who_answers_at_random_fails_the_control():
    known = [(field, value) for _, read in BOOK for field, value, _ in read.readings]
    fields = [*FIELDS]
    passed = 0
    for seed in range(2_000):
        rng = random.Random(seed)
        asked = control(rng)
        said = [(rng.choice(fields), rng.choice(known)[1]) for _ in range(10)]
        passed += asked.is_passed(said)
    assert passed == 0
