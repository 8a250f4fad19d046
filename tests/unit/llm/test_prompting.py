import random
import re

import pytest

from models.llm.prompting import SCHEMA, Layout, listwise, pointwise
from models.llm.question import Candidate, EvidenceText, Question
from models.llm.tokens import message_tokens, text_tokens
from tests.fixtures.judging import candidate, prompt, question


def fence_of(user: str) -> str:
    return re.match(r"Code of the tags: (\w{12})\n", user).group(1)


def test_each_company_stands_in_a_block_with_its_facts_and_dated_texts():
    texts = (EvidenceText("job_posting", 12, "CRM admin wanted"), EvidenceText("news", None, "We grow"))
    asked = Question("CRM", (Candidate("Acme", texts, "acme.com", "Retail", "DE", 120),), ("pipeline",))
    told = listwise(asked, Layout(sentinels=False), random.Random(1))
    code = fence_of(told.user)
    assert told.user == "\n".join(
        (
            f"Code of the tags: {code}",
            f"Product: <{code}>CRM</{code}>",
            f"In the seller's words: <{code}>pipeline</{code}>",
            "",
            f"Company {told.ids[0]}",
            f"Name: <{code}>Acme</{code}>",
            f"Domain: <{code}>acme.com</{code}>",
            f"Industry: <{code}>Retail</{code}>",
            f"Country: <{code}>DE</{code}>",
            "Employees: 120",
            f"Text (job posting, 12 days old): <{code}>CRM admin wanted</{code}>",
            f"Text (news, undated): <{code}>We grow</{code}>",
        )
    )


def test_ids_tags_and_order_differ_from_call_to_call():
    asked = question(*(candidate(f"Company{number}") for number in range(8)))
    first, second = prompt(asked, seed=1), prompt(asked, seed=2)
    assert not set(first.ids) & set(second.ids)
    assert fence_of(first.user) != fence_of(second.user)
    orders = [re.findall(r"Name: <\w+>(\w+)<", told.user) for told in (first, second)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_what_every_call_shares_does_not_depend_on_the_question():
    assert prompt(seed=1).system == prompt(question(candidate("Zeta")), seed=9).system
    assert "enum" not in repr(SCHEMA)


class Predicted(random.Random):
    """Draws the codes that the writer of a text has foreseen, then others."""

    def __init__(self, foreseen: list[str]) -> None:
        super().__init__(3)
        self._foreseen = foreseen

    def choices(self, population, *args, **kwargs):
        return list(self._foreseen.pop(0)) if self._foreseen else super().choices(population, *args, **kwargs)


def test_a_code_that_stands_in_a_text_is_not_used():
    asked = question(candidate("Acme", "Knows BCDFGHJKMNPQ and zzzzzz"))
    told = listwise(asked, Layout(sentinels=False), Predicted(["bcdfghjkmnpq", "rstvwxz23456", "zzzzzz"]))
    assert fence_of(told.user) == "rstvwxz23456"
    assert told.ids != ("zzzzzz",)


def test_ids_are_all_different():
    told = listwise(
        question(candidate("A"), candidate("B")),
        Layout(sentinels=False),
        Predicted(["c" * 12, "bbbbbb", "bbbbbb"]),
    )
    assert len(set(told.ids)) == 2


def test_pointwise_asks_about_one_company_a_call():
    told = pointwise(
        question(candidate("A"), candidate("B"), candidate("C")), Layout(sentinels=False), random.Random(1)
    )
    assert [len(each.ids) for each in told] == [1, 1, 1]
    assert ["A<" in told[0].user, "B<" in told[1].user, "C<" in told[2].user] == [True, True, True]


def test_companies_of_known_score_look_like_the_others():
    told = prompt(sentinels=True)
    assert told.user.count("\nCompany ") == 4
    assert len({*told.ids, told.high, told.low}) == 4


def test_only_the_best_texts_are_shown_and_only_their_beginning():
    asked = question(candidate("Acme", "first " * 50, "second", "third"))
    told = listwise(asked, Layout(texts=2, text_characters=60, sentinels=False), random.Random(1))
    shown = re.findall(r"Text \(.*?\): <\w+>(.*)</", told.user)
    assert [len(shown[0]), shown[1:]] == [60, ["second"]]


def test_a_question_without_candidates_is_a_mistake():
    with pytest.raises(ValueError, match="candidates"):
        listwise(Question("CRM", ()), Layout(), random.Random(1))


def test_tokens_are_estimated_by_letters_and_messages():
    assert text_tokens("") == 0
    assert text_tokens("a" * 36) == 10
    assert text_tokens("会" * 14) == 10
    assert message_tokens(("a" * 36, "b" * 36)) == 2 * 14 + 4
    told = prompt()
    assert told.tokens_in == message_tokens((told.system, told.user))
    assert told.tokens_out == 16 + 24 * 2
