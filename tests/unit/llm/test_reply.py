import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.llm.reply import GarbledReply, read_scores
from ranking.errors import DependencyError
from tests.fixtures.judging import prompt

ASKED = prompt()
A, B = ASKED.ids


def reply(*pairs, **more) -> str:
    return json.dumps({"judgements": [{"id": identity, "score": score} for identity, score in pairs], **more})


def test_scores_come_in_the_order_of_the_question():
    assert read_scores(reply((B, 20), (A, 90.5)), ASKED) == [90.5, 20.0]


def test_scores_outside_the_range_are_clamped():
    assert read_scores(reply((A, 130), (B, -5)), ASKED) == [100.0, 0.0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not_json"),
        ("Sure! " + reply((A, 1), (B, 2)), "not_json"),
        (reply((A, 1), (B, 2))[:-4], "not_json"),
        ("[" * 50_000, "not_json"),
        (" " * 100_001, "too_long"),
        ("[]", "wrong_shape"),
        ("{}", "wrong_shape"),
        ('{"judgements": {}}', "wrong_shape"),
        ('{"judgements": [1]}', "wrong_shape"),
        (reply((A, 1), (B, 2), note="x"), "wrong_shape"),
        (
            json.dumps({"judgements": [{"id": A, "score": 1, "why": ""}, {"id": B, "score": 1}]}),
            "wrong_shape",
        ),
        (json.dumps({"judgements": [{"id": 1, "score": 1}]}), "wrong_shape"),
        (reply((A, 1)), "missing_id"),
        (reply((A, 1), (B, 2), (A, 3)), "double_id"),
        (reply((A, 1), (B, 2), ("zzz", 3)), "foreign_id"),
        (reply((A.upper(), 1), (B, 2)), "foreign_id"),
        (reply((A, True), (B, 2)), "wrong_score"),
        (reply((A, "90"), (B, 2)), "wrong_score"),
        (reply((A, None), (B, 2)), "wrong_score"),
        (reply((A, float("nan")), (B, 2)), "wrong_score"),
        (reply((A, float("inf")), (B, 2)), "wrong_score"),
        (reply((A, 10**400), (B, 2)), "wrong_score"),
        (f'{{"judgements": [{{"id": "{A}", "score": 1e999}}, {{"id": "{B}", "score": 2}}]}}', "wrong_score"),
        (f'{{"judgements": [{{"id": "{A}", "score": 1, "score": 99}}]}}', "double_key"),
    ],
    ids=lambda value: value[:30],
)
def test_anything_else_is_garbage(content, reason):
    with pytest.raises(GarbledReply) as raised:
        read_scores(content, ASKED)
    assert raised.value.reason == reason
    assert isinstance(raised.value, DependencyError)


@pytest.mark.parametrize(
    ("high", "low", "believed"),
    [
        (90, 5, True),
        (40, 39, True),
        (39, 5, False),
        (90, 61, False),
        (100, 100, False),
        (0, 0, False),
        (50, 55, False),
    ],
)
def test_a_reply_that_misplaces_the_known_companies_is_not_believed(high, low, believed):
    asked = prompt(sentinels=True)
    content = reply(*((each, 50) for each in asked.ids), (asked.high, high), (asked.low, low))
    if believed:
        assert read_scores(content, asked) == [50.0, 50.0]
    else:
        with pytest.raises(GarbledReply, match="sentinels"):
            read_scores(content, asked)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([A, B, "id", "x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["judgements", "id", "score", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON.map(json.dumps) | st.text(max_size=80))
def test_every_reply_is_scores_in_range_or_garbage(content):
    try:
        scores = read_scores(content, ASKED)
    except GarbledReply:
        return
    assert len(scores) == 2
    assert all(0.0 <= score <= 100.0 for score in scores)


@given(st.permutations([(A, 10.0), (B, 70.0)]))
def test_the_order_of_a_reply_does_not_matter(pairs):
    assert read_scores(reply(*pairs), ASKED) == [10.0, 70.0]
