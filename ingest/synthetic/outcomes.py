"""What happened to lists shown in the past, for training products only.

Each training prompt was shown on a few past days to some companies of its segment. The label of an impression
is whether the company
bought within the following 90 days, all of which lie before as_of; features for it must be computed as of the impression.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np

from ingest.synthetic.companies import Companies
from ingest.synthetic.needs import Needs
from ingest.synthetic.prompts import prompt_text
from ingest.synthetic.segments import Segment, inside
from ingest.synthetic.spec import HORIZON_DAYS, LANGUAGES, WorldSpec, stream
from ingest.synthetic.vocabulary import Vocabulary
from ingest.synthetic.writing import company_id

COHORT_DAYS = (-91, -119, -147)
_SHOWN = 100


def outcome_records(
    spec: WorldSpec,
    vocabulary: Vocabulary,
    companies: Companies,
    segments: tuple[Segment, ...],
    needs: tuple[Needs, ...],
) -> Iterator[dict[str, Any]]:
    """Impressions with labels, and the clicks, replies, meetings and conversions that followed."""
    for segment, need in zip(segments, needs, strict=True):
        if segment.held_out:
            continue
        rng = stream(spec.seed, f"outcomes:{vocabulary.products[segment.product].key}")
        pool = np.flatnonzero(
            inside(segment, companies, vocabulary) & companies.active & companies.canonical()
        )
        for day in COHORT_DAYS:
            language = LANGUAGES[int(rng.integers(0, len(LANGUAGES)))] if day != COHORT_DAYS[0] else "en"
            prompt = prompt_text(segment, companies, vocabulary, language)
            yield from _cohort(spec, prompt, pool, need, day, rng)


def _cohort(
    spec: WorldSpec,
    prompt: str,
    pool: np.ndarray[Any, np.dtype[np.int64]],
    need: Needs,
    day: int,
    rng: np.random.Generator,
) -> Iterator[dict[str, Any]]:
    active = need.active_at(day)
    wanting = dict(zip(need.company[active].tolist(), need.intensity[active].tolist(), strict=True))
    ends = dict(zip(need.company.tolist(), need.end.tolist(), strict=True))
    buyers = set(need.buyers(day).tolist())
    weight = np.asarray([1.0 + 6.0 * (row in wanting) for row in pool.tolist()])
    count = min(_SHOWN, len(pool))
    keys = rng.random(len(pool)) ** (1.0 / weight)
    shown = np.sort(pool[np.argsort(-keys, kind="stable")[:count]]).tolist()
    luck = rng.random((count, 4)).tolist()
    for row, draw in zip(shown, luck, strict=True):
        bought = row in buyers
        base = {"prompt": prompt, "company_id": company_id(row)}

        def at(offset: int, event: str, label: int, base: dict[str, Any] = base) -> dict[str, Any]:
            moment = (spec.as_of + timedelta(days=offset)).isoformat()
            return {**base, "event": event, "occurred_at": f"{moment}T12:00:00Z", "label": label}

        yield at(day, "impression", int(bought))
        interest = 0.04 + 0.4 * wanting.get(row, 0.0) + 0.15 * bought
        if draw[0] >= interest:
            if bought:
                yield at(ends[row], "conversion", 1)
            continue
        yield at(day, "click", 1)
        if draw[1] < 0.3 + 0.3 * bought:
            yield at(day + 2 + int(4 * draw[3]), "reply", 1)
            if draw[2] < 0.4 + 0.3 * bought and ends.get(row, HORIZON_DAYS) > day + 7:
                yield at(day + 7, "meeting", 1)
        if bought:
            yield at(ends[row], "conversion", 1)
