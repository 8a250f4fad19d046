"""Snippets as text and as records of the import format."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from ingest.synthetic.companies import Companies
from ingest.synthetic.events import CLASSES, TRAPS, Events
from ingest.synthetic.grammar import Dice, write
from ingest.synthetic.naming import slug
from ingest.synthetic.slots import Scene
from ingest.synthetic.spec import LANGUAGES, UNDATED
from ingest.synthetic.vocabulary import Vocabulary

_KINDS: dict[str, tuple[str, ...]] = {
    "hire": ("job_posting",), "churn": ("tech_change",), "funding": ("funding",), "exec": ("news",),
    "compliance": ("news", "web_page"), "expansion": ("news",), "growth": ("news", "web_page"),
    "pain": ("review", "social"), "search": ("social", "web_page", "other"), "vendor_page": ("web_page",),
    "vendor_social": ("social",), "vendor_job": ("job_posting",), "vendor_launch": ("launch",), "vendor_news": ("news",),
    "mention": ("news", "web_page", "social"), "mention_job": ("job_posting",), "resolved_tech": ("tech_change",),
    "resolved_news": ("news",), "zero": ("web_page", "job_posting"), "spam": ("web_page", "social", "news", "job_posting"),
    "bg_job": ("job_posting",), "bg_news": ("news",), "bg_launch": ("launch",), "bg_social": ("social",),
    "bg_review": ("review",), "bg_tech": ("tech_change",), "bg_funding": ("funding",), "bg_web": ("web_page",),
}  # fmt: skip
_SOURCES = {
    "job_posting": ("job_board", "jobs.{d}/", "careers"), "tech_change": ("tech_scan", "stackscan.example/site/{d}/", "scan"),
    "news": ("press", "news.example/{s}/", "story"), "web_page": ("web", "www.{d}/", "page"),
    "funding": ("press", "fundingwire.example/{s}/", "round"), "launch": ("press", "launches.example/{s}/", "launch"),
    "social": ("social", "social.example/{s}/", "post"), "review": ("review_site", "reviews.example/{s}/", "review"),
    "other": ("tender", "tenders.example/{s}/", "notice"),
}  # fmt: skip
_ARTICLE = re.compile(
    r"\b(as|of|for|all|with|seeks|hire|hiring|for|uses|a new site in|signs|wins) a ([AEIOaeio]\w+)"
)
_SPACED = re.compile(r" +([,.;])(?= |$)")
_MINERS = 24
_BAD_MINERS = 3
_SENTENCE = re.compile(r"(?<=[a-z0-9)é%»”\"][.!?] )[a-zäöüéàèóâ]")
_EDITS = (
    "Repost: {}",
    "{} (via aggregator)",
    "{} Read more",
    "UPDATE: {}",
    "{}",
    "{} …",
    "ICYMI: {}",
    "{} Source: company website.",
)


class SnippetWriter:
    """Writes the texts of events; the same event always gives the same text."""

    def __init__(self, vocabulary: Vocabulary, companies: Companies, events: Events, as_of: date) -> None:
        self._vocabulary, self._companies, self._events, self._as_of = vocabulary, companies, events, as_of
        self._months = [(as_of + timedelta(days=day)).month for day in range(-500, 1)]
        self._doubled = set(companies.same_as[companies.same_as >= 0].tolist())
        self._doubled |= {row for row in range(len(companies)) if companies.same_as[row] >= 0}

    def text(self, event: int) -> str:
        """The text of one event; a repost is its source's text, lightly edited."""
        source = int(self._events.copy_of[event])
        if source < 0:
            return self._own_text(event)
        text = self._own_text(source)
        dice = Dice(int(self._events.dice[event]) + 977 * event)
        if TRAPS[int(self._events.trap[event])] == "date_stripped":
            return text
        words = text.split(" ")
        if len(words) > 12 and dice.below(2):
            words = words[: len(words) - 1 - dice.below(3)]
        return dice.pick(_EDITS).format(" ".join(words))

    def _own_text(self, event: int) -> str:
        events, companies = self._events, self._companies
        row, kind = int(events.company[event]), CLASSES[int(events.kind[event])]
        dice = Dice(int(events.dice[event]))
        country = self._vocabulary.countries[int(companies.country[row])]
        language = LANGUAGES.index(country.language) if dice.below(100) < 65 else 0
        voice = self._vocabulary.voices[LANGUAGES[language]]
        if kind not in voice.classes:
            language, voice = 0, self._vocabulary.voices["en"]
        product = int(events.product[event])
        day = min(0, max(-500, int(events.written[event])))
        scene = Scene(
            vocabulary=self._vocabulary,
            voice=voice,
            language=language,
            dice=dice,
            companies=companies,
            row=row,
            product=self._vocabulary.products[product] if product >= 0 else None,
            kind=kind,
            month=self._months[day + 500],
        )
        text = _polish(
            write(dice.pick(voice.classes[kind]), dice, scene.fill),
            companies.domains[row],
        )
        return _pad(text, scene) if kind == "spam" else text

    def record(self, event: int) -> dict[str, Any]:
        """The import record of one event."""
        events, companies = self._events, self._companies
        row, day = int(events.company[event]), int(events.day[event])
        dice = Dice(31 * event + 7 + int(events.dice[event]))
        source = int(events.copy_of[event])
        kind = Dice(int(events.dice[event]) + 5).pick(_KINDS[CLASSES[int(events.kind[event])]])
        name, path, leaf = _SOURCES[kind]
        text = self.text(event)
        record: dict[str, Any] = {
            "snippet_id": f"sn-{event:07d}",
            "kind": kind,
            "text": text,
            "observed_at": None if day == UNDATED else self._stamp(day, dice),
            "source_url": "https://" + path.format(d=companies.domains[row],
            s=slug(companies.short_names[row])) + f"{leaf}-{dice.below(900_000) + 100_000}",
            "source_type": name if source < 0 else "aggregator",
            "miner_id": _miner(bool(events.honest[event]), dice),
            "technologies_added": [],
            "technologies_removed": [],
        }  # fmt: skip
        if dice.below(10) == 0 and row not in self._doubled:
            record["domain"] = companies.domains[row]
        else:
            record["company_id"] = company_id(row)
        self._technologies(record, event, text)
        return record

    def _stamp(self, day: int, dice: Dice) -> str:
        moment = (self._as_of + timedelta(days=day)).isoformat()
        if dice.below(3) == 0 or day >= 0:
            return moment
        return f"{moment}T{dice.below(24):02d}:{dice.below(60):02d}:00Z"

    def _technologies(self, record: dict[str, Any], event: int, text: str) -> None:
        if record["kind"] != "tech_change":
            return
        product = int(self._events.product[event])
        known = self._vocabulary.products[product].tools if product >= 0 else self._vocabulary.names.neutral
        found = sorted((text.index(tool), tool) for tool in known if tool in text)
        tools = [tool for _, tool in found]
        gone = any(word in text for word in ("no longer", "replaced by"))
        if CLASSES[int(self._events.kind[event])] == "churn" or gone:
            record["technologies_removed"], record["technologies_added"] = tools[:1], tools[1:]
        else:
            record["technologies_added"], record["technologies_removed"] = (
                tools[:1],
                tools[1:] if product >= 0 else [],
            )

    def records(self) -> Iterator[dict[str, Any]]:
        """All snippets in order of their ids."""
        for event in range(len(self._events)):
            yield self.record(event)


def company_id(row: int) -> str:
    """The id of a company's row."""
    return f"co-{row:06d}"


def _pad(text: str, scene: Scene) -> str:
    """Spam pads itself with whatever might match."""
    product = scene.product
    if product is None or scene.dice.below(2):
        return text
    extra = [
        scene.dice.pick((*product.terms, *product.tools, *product.roles))
        for _ in range(6 + scene.dice.below(12))
    ]
    return f"{text} {' '.join(extra)}"


def _polish(text: str, domain: str) -> str:
    """Single spaces, and sentences that begin with a capital unless they begin with a domain."""
    text = _SPACED.sub(r"\1", " ".join(text.split()))
    text = _ARTICLE.sub(r"\1 an \2", text)
    text = _SENTENCE.sub(lambda match: match.group().upper(), text)
    return text if text.startswith(domain) else text[:1].upper() + text[1:]


def _miner(honest: bool, dice: Dice) -> str:
    """Bad suppliers write nearly all spam and a little honest work; their ids look like any other."""
    bad = not honest or dice.below(100) < 4
    index = dice.below(_BAD_MINERS) * 8 + 5 if bad else dice.below(_MINERS)
    return f"miner-{(index * 7919 + 101) % 1000:03d}"
