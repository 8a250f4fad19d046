"""Strict JSON, and pointers to what is wrong in it."""

import json
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.json_body import pointer_of, read_json
from ranking.errors import InvalidQuery

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_json_writes_is_read(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(InvalidQuery):
        json.dumps(read_json(content))


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        ('{"a": 1, "a": 2}', ["/a"]),
        ('{"a": 1, "b": 0, "a": 2, "b": 0, "a": 3}', ["/a", "/b"]),
        ('[{"x": {"a/b": 1, "a/b": 2}}]', ["/0/x/a~1b"]),
        ('{"b": {"c": 1, "c": 1}, "a": [0, {"d~": 1, "d~": 1}]}', ["/b/c", "/a/1/d~0"]),
        ('["a", {"k": "\\u0000"}]', ["/1/k"]),
        ('{"\\u0000": 1}', ["/\0"]),
    ],
)
def test_faults_are_found_where_they_are(text: str, pointers: list[str]) -> None:
    with pytest.raises(InvalidQuery) as raised:
        read_json(text.encode())
    assert [fault.pointer for fault in raised.value.errors] == pointers


@st.composite
def written(draw: st.DrawFn, levels: int = 3) -> tuple[str, bool]:
    """JSON text whose members may be named twice, and whether one is; colons and escapes stand in names and texts."""
    kind = draw(st.sampled_from(("text", "number", "list", "object") if levels else ("text", "number")))
    if kind == "text":
        return draw(st.sampled_from(('"a"', '":"', '"a:b::"', '"\\u003a"', '"\\\\:"', '""', '"é:"'))), False
    if kind == "number":
        return draw(st.sampled_from(("1", "-0.5e3", "true", "null", "123456789012345678901234567890"))), False
    inner = draw(st.lists(written(levels - 1), max_size=3))
    twice = any(repeated for _, repeated in inner)
    if kind == "list":
        return "[" + ", ".join(text for text, _ in inner) + "]", twice
    names = [draw(st.sampled_from(('"a"', '"b"', '"a:"', '"\\u0061"', '":"'))) for _ in inner]
    twice = twice or len({json.loads(name) for name in names}) < len(names)
    members = (f"{name} : {text}" for name, (text, _) in zip(names, inner, strict=True))
    return "{" + ",".join(members) + "}", twice


@given(written())
def test_a_member_named_twice_is_always_found(case: tuple[str, bool]) -> None:
    text, twice = case
    if not twice:
        assert read_json(text.encode()) == orjson.loads(text)
        return
    with pytest.raises(InvalidQuery) as raised:
        read_json(text.encode())
    assert {fault.detail for fault in raised.value.errors} == {"is given twice"}


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert read_json(b'"\\\\u0000"') == "\\u0000"


def test_many_faults_are_cut() -> None:
    with pytest.raises(InvalidQuery) as raised:
        read_json(json.dumps(["\0"] * 100).encode())
    assert len(raised.value.errors) == 20


def test_pointers_are_escaped() -> None:
    assert pointer_of(("a/b", "m~n", 0, "")) == "/a~1b/m~0n/0/"
