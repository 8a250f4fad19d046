"""Real texts by company, and as many more as are wanted out of their sentences."""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ranking.text import fold

_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_LEAST_SENTENCE_WORDS = 4
_DIRECTORIES = (
    ("startup_world/unjoined_job_posts.jsonl", "company_raw", "post", "text"),
    ("messy/accelerator_companies.jsonl", "name", "description", "description"),
    ("messy/technology_adopters.jsonl", "name", "description", "description"),
    ("messy/job_listings.jsonl", "company_name", "title", "title"),
)


@dataclass(frozen=True)
class RealText:
    """`group` is the company that it is about, by folded name where it has no id; `source` the kind of text."""

    group: str
    source: str
    text: str

    @property
    def fold(self) -> int:
        """0 or 1; all texts of a company are in one fold."""
        return hashlib.sha256(self.group.encode()).digest()[0] % 2


def real_texts(folder: Path) -> list[RealText]:
    """Hiring posts, launches, titles and descriptions below `folder`, laid out as the evaluation data; each text of a group once."""
    names: dict[str, str] = {}
    texts: list[RealText] = []
    for row in _rows(folder / "startup_world" / "companies.jsonl"):
        names[row["company_id"]] = fold(row["name"])
        texts.append(RealText(fold(row["name"]), "description", row.get("description") or ""))
    for row in _rows(folder / "startup_world" / "snippets.jsonl"):
        source = "launch" if row["kind"] == "launch" else "post" if len(row["text"]) > 200 else "title"
        texts.append(RealText(names[row["company_id"]], source, row["text"]))
    for path, name, source, body in _DIRECTORIES:
        rows = _rows(folder / path)
        texts += [RealText(fold(row[name]), source, row.get(body) or "") for row in rows]
    pages = _rows(folder / "messy" / "remote_companies.jsonl")
    texts += [
        RealText(fold(row["title"]), "page", "\n".join(map(str, row["sections"].values()))) for row in pages
    ]
    return [text for text in dict.fromkeys(texts) if text.text.strip()]


def recombined(texts: list[RealText], count: int, seed: int) -> Iterator[RealText]:
    """So many texts of four to twelve sentences, each from another real text: alike in phrases, alike in no whole.

    Texts of one sentence lend none: a text that holds a whole other one repeats it.
    """
    dice = random.Random(f"recombined-{seed}")
    pool = [
        list(filter(_is_sentence, _SENTENCES.split(text.text))) for text in texts if text.source != "title"
    ]
    pool = [sentences for sentences in pool if len(sentences) > 1]
    for number in range(count):
        chosen = dice.sample(pool, dice.randint(4, 12))
        yield RealText(f"recombined {number}", "recombined", " ".join(dice.choice(part) for part in chosen))


def _is_sentence(part: str) -> bool:
    return len(part.split()) >= _LEAST_SENTENCE_WORDS


def _rows(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        yield from map(json.loads, lines)
