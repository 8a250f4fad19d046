"""Changes of a stack to `tech_change` snippets, in words that say what was seen when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ingest.sources.observations import Observation
from ingest.sources.stacks import StackChange
from ranking.taxonomy import Taxonomy

_SOURCE_TYPE = "tech_crawl"


def stack_snippet(
    look: Observation, change: StackChange, miner_id: str, taxonomy: Taxonomy
) -> dict[str, Any]:
    """The snippet of one change of the company that `look` shows."""
    record: dict[str, Any] = {
        "kind": "tech_change",
        "text": _text(look.name, change, taxonomy),
        "observed_at": change.seen_at.isoformat(),
        "source_url": look.source_url,
        "source_type": _SOURCE_TYPE,
        "miner_id": miner_id,
        "technologies_added": list(change.come_keys),
        "technologies_removed": list(change.gone_keys),
        "attributes": {
            "change": change.kind,
            "category": change.category or None,
            "last_seen": change.last_seen.isoformat(),
            "confirmed_at": change.confirmed_at.isoformat(),
            "concepts": sorted({concept for key in change.gone_keys for concept in _concepts(key, taxonomy)}),
        },
    }
    if look.subject.company_id is not None:
        return {"company_id": look.subject.company_id, **record}
    return {"domain": look.subject.domain, **record}


def _text(company: str, change: StackChange, taxonomy: Taxonomy) -> str:
    gone, come = _listed(change.gone), _listed(change.come)
    concepts = [concept for key in change.gone_keys for concept in _concepts(key, taxonomy)]
    what = f" ({taxonomy.concept(concepts[0]).name})" if concepts else ""
    last, seen = _day(change.last_seen), _day(change.seen_at)
    if change.kind == "replaced":
        return f"{company} replaced {gone} with {come}{what}: {gone} was last seen on {last}, {come} first on {seen}."
    if change.kind == "removed":
        confirmed = _day(change.confirmed_at)
        return f"{company} no longer uses {gone}{what}: last seen on {last}, missing on {seen} and still on {confirmed}."
    return f"{company} started using {come}: not there on {last}, seen on {seen}."


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _concepts(key: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    return taxonomy.technology_concepts(key) if key in taxonomy.TECHNOLOGIES else ()
