import json

import pytest

from deployments.llm.completion import Usage, read_completion


def body(content="x", finish="stop", refusal=None, usage=(10, 2)) -> bytes:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    used = usage and {
        "prompt_tokens": usage[0],
        "completion_tokens": usage[1],
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], "usage": used}).encode()


def test_a_good_answer_has_content_and_usage():
    read = read_completion(body())
    assert (read.content, read.usage, read.failure) == ("x", Usage(1, 0, 10, 4, 2), None)


def test_an_endpoint_need_not_tell_usage_or_its_details():
    assert read_completion(body(usage=None)).usage == Usage(calls=1)
    plain = (
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}'
    )
    assert read_completion(plain).usage == Usage(1, 0, 3, 0, 1)


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        (body(finish="length"), "garbage", "cut_off"),
        (body(finish="tool_calls"), "garbage", "cut_off"),
        (body(content=None), "garbage", "empty"),
        (body(content=None, refusal="No."), "refused", ""),
        (body(finish="content_filter"), "refused", ""),
    ],
)
def test_a_bad_answer_is_paid_for(answer, kind, detail):
    read = read_completion(answer)
    assert (read.failure.kind, read.failure.detail) == (kind, detail)
    assert read.usage.tokens_in == 10


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": {"content": 7}}]}',
        b"\xff",
    ],
)
def test_no_completion_is_garbage(answer):
    assert read_completion(answer).failure.detail == "no_completion"


def test_usage_adds_up():
    assert Usage(1, 2, 3, 4, 5) + Usage(10, 20, 30, 40, 50) == Usage(11, 22, 33, 44, 55)
