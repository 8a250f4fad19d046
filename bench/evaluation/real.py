"""Everything that is judged on real truth, as one record; what is not on this machine is named, not made up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import record
from bench.evaluation import collections, funnel, letor, startups
from models.embedder import EmbedderConfig, open_encoder
from ranking.taxonomy import load_taxonomy

SCENARIO = "quality_real"
NEEDED = {
    "cranfield": "retrieval/cranfield/cran.all.1400.xml", "cacm": "retrieval/cacm/cacm.all",
    "learning_to_rank": "learning_to_rank/rank.train", "olist_funnel": "olist_funnel/leads.csv",
    "startup_world": "startup_world/history.csv",
}  # fmt: skip


def evaluate(folder: Path, seed: int, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """The record of every set that lies in `folder`; `absent` names the others."""
    present = [name for name, path in NEEDED.items() if (folder / path).exists()]
    found: dict[str, Any] = {}
    for name in present:
        tell(name)
        found[name] = _judged(name, folder, seed)
    return {
        **record.heading(SCENARIO, {}, {}), "offered": len(NEEDED), "completed": len(present),
        "errors": {"absent": len(NEEDED) - len(present)}, "absent": [name for name in NEEDED if name not in present],
        "seed": seed, "real": found,
    }  # fmt: skip


def _judged(name: str, folder: Path, seed: int) -> dict[str, Any]:
    path = folder / NEEDED[name]
    if name in collections.READERS:
        encoder = open_encoder(EmbedderConfig())
        return collections.judge(name, collections.READERS[name](path.parent), encoder, load_taxonomy(), seed)
    if name == "learning_to_rank":
        return letor.judge(path.parent, seed)
    if name == "olist_funnel":
        return funnel.judge(funnel.read(path), seed)
    return startups.judge(startups.read(path.parent), seed)
