"""What is shown of companies in doubt, and which changes make a judgement another one."""

import numpy as np
import pytest

from deployments.llm.evidence import exhibits, product_key, question_of
from ranking.types import Product
from tests.fixtures.doubting import Cards, doubts

AT = np.array([1, 0], dtype=np.int32)


def shown(cards=None, judge="m/1/public", texts=5, **pool):
    return exhibits(doubts([10.0, 20.0], cards=cards or Cards(), **pool), AT, judge, texts)


def test_companies_come_in_the_order_asked_with_their_texts_best_first():
    first, second = shown(Cards(texts={101: "hires a CRM admin"}, ages={101: 8.9, 201: None}))
    assert (first.company_id, second.company_id) == ("c11", "c10")
    assert [(each.text, each.age_days) for each in first.candidate.evidence] == [
        ("hires a CRM admin", 8), ("text 201", None),
    ]  # fmt: skip
    assert first.key == f"llm:{product_key(Product('', ('crm',)))}:c11:{first.evidence_hash}"


def test_no_more_texts_are_read_than_are_shown():
    cards = Cards()
    shown(cards, texts=1)
    assert cards.asked == [101, 100]


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"cards": Cards(texts={101: "another text"})}, False),
        ({"cards": Cards(ages={101: 6.9})}, True),
        ({"cards": Cards(ages={101: 7.1})}, False),
        ({"cards": Cards(ages={101: None})}, False),
        ({"judge": "m/2/public"}, False),
        ({"texts": 1}, False),
        ({"cards": Cards(texts={100: "of the other company"})}, True),
    ],
)
def test_what_makes_a_judgement_another_one(changed, same):
    assert (shown(**changed)[0].key == shown()[0].key) is same


def test_texts_cannot_be_moved_between_fields_without_another_hash():
    one = shown(Cards(texts={101: "ab", 201: "c"}))[0]
    other = shown(Cards(texts={101: "a", 201: "bc"}))[0]
    assert one.evidence_hash != other.evidence_hash


def test_products_that_rank_alike_are_one():
    assert product_key(Product("CRM software", ("crm", "sales"))) == product_key(
        Product("Vertrieb", ("sales", "crm"))
    )
    assert product_key(Product("x", ("crm",))) != product_key(Product("x", ("crm",), ("crm",)))
    assert product_key(Product("Zither lessons ")) == product_key(Product("zither lessons"))
    assert product_key(Product("a")) != product_key(Product("b"))


def test_the_question_is_in_the_customers_words():
    asked = question_of(Product("CRM-Software", ("crm",), ("mittelstand",)), shown())
    assert (asked.product, asked.keywords, len(asked.candidates)) == ("CRM-Software", ("mittelstand",), 2)
    assert question_of(Product("", ("crm",), ("b2b",)), shown()).product == "b2b crm"
