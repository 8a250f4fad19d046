"""What the stand-in makes of a customer's prompt: by heart where it is in a book of prompts, else word by word, as it can.

It does not use the rule parser: what it says is another's reading, not the same once more.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from deployments.standin.behaviour import Fault
from ranking.text import words

_SHIPPED: Final = Path(__file__).with_name("prompts.toml")
_CODE = re.compile(r"^Code of the tags: (\S+)$", re.MULTILINE)
_LISTS: Final = {"product.concepts": "Product codes: ", "include.industries": "Trade codes: "}
_WANTED: Final = frozenset(
    words("sell our for to verkaufen für vendons pour vendemos para vendiamo per verkopen voor")
)
_BARRED: Final = frozenset(
    words("not no without except kein keine nicht ohne pas sauf hors sin excepto não non senza niet geen")
)
_COUNTS = re.compile(r"\d+\s?-\s?\d+|\d+\+")
_LEAST_LETTERS: Final = 4


Reading = tuple[str, str, str]
"""Field, value, words."""


class ReadPrompt(NamedTuple):
    """One reading per thing asked for."""

    language: str
    readings: tuple[Reading, ...]


class PromptBook:
    """Prompts that are known by heart, whatever their capitals, accents and marks."""

    def __init__(self, known: Mapping[str, ReadPrompt]) -> None:
        self._known = {_key(prompt): read for prompt, read in known.items()}

    @classmethod
    def shipped(cls) -> "PromptBook":
        """The book that comes with the program."""
        return cls(dict(shipped_prompts()))

    def read(self, system: str, user: str) -> tuple[ReadPrompt, tuple[Reading, ...]]:
        """The readings of the prompts in the user's message."""
        control, prompt = _line(user, "Control: "), _line(user, "Request: ")
        known = self._known.get(_key(prompt))
        language, readings = known if known is not None else ("en", tuple(_naive(prompt, system)))
        return ReadPrompt(language, readings), tuple(_naive(control, system))


def shipped_prompts() -> Iterator[tuple[str, ReadPrompt]]:
    """The prompts of the shipped book with their readings."""
    with _SHIPPED.open("rb") as file:
        entries = tomllib.load(file)["prompt"]
    for entry in entries:
        yield entry["text"], ReadPrompt(entry["language"], tuple(map(_reading, entry["readings"])))


def readings_content(read: ReadPrompt, control: Sequence[Reading], fault: Fault | None) -> str:
    """The reply's content, spoilt by those faults that spoil contents."""
    readings: list[object] = [
        {"field": field, "value": value, "words": said} for field, value, said in read.readings
    ]
    match fault:
        case "wrong_ids":
            readings = [
                {"field": f"{field}x", "value": value, "words": said} for field, value, said in read.readings
            ]
        case "missing_id":
            readings = [{"field": field, "value": value} for field, value, _ in read.readings]
        case "double_id":
            readings = [*readings, *readings]
        case "out_of_range":
            turned = zip(read.readings, reversed(read.readings), strict=True)
            readings = [{"field": one[0], "value": other[1], "words": one[2]} for one, other in turned]
        case _:
            pass
    known = [{"field": field, "value": value, "words": said} for field, value, said in control]
    reply = {"control": known, "language": read.language, "readings": readings}
    content = json.dumps(reply, ensure_ascii=False)
    if fault == "truncated":
        return content[: len(content) // 2]
    return f"Sure! Here it is: {content}" if fault == "invalid_json" else content


def _line(user: str, opening: str) -> str:
    """What stands between the tags of a line."""
    code = _CODE.search(user)
    fence = code.group(1) if code else ""
    line = next((each for each in user.splitlines() if each.startswith(opening)), "")
    return line.removeprefix(f"{opening}<{fence}>").removesuffix(f"</{fence}>")


def _naive(prompt: str, system: str) -> Iterator[Reading]:
    """Whatever word is part of a code that the system message lists, as sold, wanted or ruled out by the word of the kind before it."""
    side = "wanted"
    listed = {field: _codes(system, opening) for field, opening in _LISTS.items()}
    for raw in prompt.split():
        word = " ".join(words(raw))
        if word in _WANTED:
            side = "wanted"
        elif word in _BARRED:
            side = "barred"
        elif _COUNTS.fullmatch(raw):
            yield "include.employees", raw.replace(" ", ""), raw
        else:
            for field, codes in listed.items():
                if word in codes and not (side == "barred" and field == "product.concepts"):
                    yield field if side == "wanted" else "exclude.industries", codes[word], raw


def _codes(system: str, opening: str) -> dict[str, str]:
    """The first code that each word of the list is in."""
    line = next((each for each in system.splitlines() if each.startswith(opening)), opening)
    found: dict[str, str] = {}
    for code in line.removeprefix(opening).split():
        found[code] = code
        for word in code.split("_"):
            if len(word) >= _LEAST_LETTERS:
                found.setdefault(word, code)
    return found


def _reading(line: str) -> Reading:
    field, value, said = (part.strip() for part in line.split("|"))
    return field, value, said


def _key(prompt: str) -> tuple[str, ...]:
    return tuple(words(prompt))
