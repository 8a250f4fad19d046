"""The rules by which one text of a supplier does not count, each with what it found; no I/O (F-8, F-9).

What a rule finds is kept as evidence beside its reason. A text may break several.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from configs.suppliers import RuleArgs
from ingest.suppliers.echoes import Echoes
from models.llm.injection import order_in
from ranking.judgement import judge
from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.text import domain_key, words
from ranking.types import SnippetKind

Reason = Literal["order", "stuffed", "padded", "echo", "other_company", "redated", "source"]
Detail = Mapping[str, object]

_PLAIN_WEIGHT: Final = 0.5  # below it a wording names the concept only beside others
_OWN_SITE: Final = "company"


@dataclass(frozen=True, slots=True)
class StoredText:
    """A snippet's newest revision and what is known beside it.

    Attributes:
        name: folded words of the company's name; `longer` the same of other companies whose names begin with them, by id.
        first_dated: earliest date that an earlier revision of the same words had.
    """

    miner_id: str
    snippet_id: str
    kind: SnippetKind
    text: str
    seen_at: datetime
    observed_at: datetime | None
    source_type: str
    source_url: str
    domain: str | None
    name: tuple[str, ...]
    longer: Mapping[str, tuple[str, ...]]
    first_dated: datetime | None


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a snippet breaks."""

    miner_id: str
    snippet_id: str
    reason: Reason
    detail: Detail


class Rules:
    """All rules with their numbers, the taxonomy's wordings and the prompts that were asked."""

    def __init__(self, args: RuleArgs, surfaces: SurfaceIndex, echoes: Echoes) -> None:
        self._args = args
        self._surfaces = surfaces
        self._echoes = echoes
        self._rules: tuple[tuple[Reason, Callable[[StoredText, Sequence[str]], Detail | None]], ...] = (
            ("order", _order),
            ("stuffed", _stuffed),
            ("padded", self._padded),
            ("echo", self._echo),
            ("other_company", _other_company),
            ("redated", self._redated),
            ("source", self._source),
        )

    def breaches(self, text: StoredText) -> list[Breach]:
        """What the text breaks, in the order of the rules."""
        tokens = words(text.text)
        found = ((reason, rule(text, tokens)) for reason, rule in self._rules)
        return [
            Breach(text.miner_id, text.snippet_id, reason, detail)
            for reason, detail in found
            if detail is not None
        ]

    def _padded(self, _text: StoredText, tokens: Sequence[str]) -> Detail | None:
        """More product concepts than anybody writes about in one text."""
        if len(tokens) <= self._args.most_concepts:
            return None
        named = {
            entry.code
            for match in self._surfaces.match(tokens)
            for entry in match.entries
            if entry.kind == "concept" and entry.weight >= _PLAIN_WEIGHT
        }
        return {"concepts": len(named)} if len(named) > self._args.most_concepts else None

    def _echo(self, text: StoredText, tokens: Sequence[str]) -> Detail | None:
        """The words of a prompt that was asked before the text came."""
        found = self._echoes.of(tokens, text.seen_at)
        if found is None or found.share < self._args.echo_share:
            return None
        return {"query_id": found.query_id, "share": round(found.share, 3)}

    def _redated(self, text: StoredText, _tokens: Sequence[str]) -> Detail | None:
        """The same words as before under a later date, or without one; a vacancy may be listed again."""
        if text.first_dated is None or text.kind == "job_posting":
            return None
        limit = text.first_dated + timedelta(days=self._args.redated_days)
        if text.observed_at is not None and text.observed_at <= limit:
            return None
        now = text.observed_at.isoformat() if text.observed_at is not None else None
        return {"first_dated": text.first_dated.isoformat(), "now": now}

    def _source(self, text: StoredText, _tokens: Sequence[str]) -> Detail | None:
        """A type of source claimed for a page that is on none of its hosts."""
        hosts = self._args.source_hosts.get(text.source_type)
        if hosts is None:
            return None
        host = _host(text.source_url)
        allowed = [text.domain if each == _OWN_SITE else each for each in hosts]
        if host and any(each and (host == each or host.endswith(f".{each}")) for each in allowed):
            return None
        return {"source_type": text.source_type, "host": host or None}


def _order(text: StoredText, _tokens: Sequence[str]) -> Detail | None:
    """An order to a model that judges companies."""
    sign = order_in(text.text)
    return None if sign is None else {"sign": sign}


def _stuffed(text: StoredText, _tokens: Sequence[str]) -> Detail | None:
    """Written to be found, not to be read."""
    return {} if judge(text.text, text.kind).stuffed else None


def _other_company(text: StoredText, tokens: Sequence[str]) -> Detail | None:
    """The company's name stands in the text, but each time as the beginning of another company's longer one."""
    if not text.longer or not text.name:
        return None
    named: set[str] = set()
    size, first = len(text.name), text.name[0]
    for place, token in enumerate(tokens):
        if token != first or tuple(tokens[place : place + size]) != text.name:
            continue
        other = _longest(tokens, place, text.longer)
        if other is None:
            return None
        named.add(other)
    return {"company_ids": sorted(named)} if named else None


def _longest(tokens: Sequence[str], place: int, longer: Mapping[str, tuple[str, ...]]) -> str | None:
    at_place = [
        company for company, name in longer.items() if tuple(tokens[place : place + len(name)]) == name
    ]
    return max(at_place, key=lambda company: (len(longer[company]), company), default=None)


@lru_cache(maxsize=8192)
def _host(url: str) -> str:
    return domain_key(url) if url else ""
