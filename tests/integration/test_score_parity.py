"""One lead, one score: training's features and LightGBM itself, the API, and a batch agree, whatever is unknown of the company."""

import asyncio
import json
import math
import time
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

from configs.schema import DEFAULT_BOOSTER
from deployments.inprocess import open_in_process
from models.booster import BoosterModel, IntentScale
from models.training_set import Example, collect
from ranking.config import RankingConfig
from ranking.features import FEATURES
from ranking.prompt import parse
from tests.fixtures.batches import leads_in, rows_of, scored
from tests.fixtures.served_app import serving
from tests.fixtures.served_world import AS_OF_S, ServedWorld

PROMPTS = ("payroll software", "CRM software for companies in Europe", "Buchhaltungssoftware")
LIMIT = 500


def intent_of(lead: dict[str, Any]) -> float:
    """The intent before boosts, from the waterfall."""
    parts = {part["part"]: part for part in lead["waterfall"]}
    value: float = parts["intent.base"]["value"]
    return 100.0 * value


async def test_training_the_api_and_a_batch_score_a_lead_alike(
    served_world: ServedWorld, tmp_path: Path
) -> None:
    """500 leads each: nearly the whole pool, companies without employees, year or evidence among them."""
    config, taxonomy = RankingConfig(), served_world.taxonomy
    await asyncio.to_thread(
        scored, served_world, tmp_path, rows_of(*({"prompt": each, "limit": LIMIT} for each in PROMPTS))
    )
    batch = leads_in(tmp_path)
    booster = BoosterModel(DEFAULT_BOOSTER)
    system = open_in_process(served_world.snapshots, taxonomy, config, booster)
    native = lightgbm.Booster(model_file=str(DEFAULT_BOOSTER / "model.txt"))
    scale = IntentScale.model_validate_json((DEFAULT_BOOSTER / "scale.json").read_bytes())
    compared, unknown = 0, 0
    async with serving(served_world, system.ports()) as app:
        for number, prompt in enumerate(PROMPTS, start=1):
            online = (await app.query(prompt, limit=LIMIT, options={"llm": "never"}))["leads"]
            assert batch[f"row-{number}"] == online
            shown = {lead["company_id"]: False for lead in online}
            example = Example(parse(prompt, taxonomy), AS_OF_S, shown)
            rows = await collect([example], system.ports(), config, time.monotonic, unshown=0)
            trained = scale.apply(np.asarray(native.predict(rows.features, num_threads=1)))
            of_company = dict(zip(rows.companies.tolist(), range(len(trained)), strict=True))
            for lead in online:
                at = of_company.get(lead["company_id"])
                if lead["intent_source"] != "gbdt" or at is None:
                    continue
                assert intent_of(lead) == pytest.approx(trained[at], rel=0.0, abs=1e-9)
                compared += 1
                unknown += bool(np.isnan(rows.features[at]).any())
    assert compared > 100
    assert unknown > 0


def test_rows_of_nothing_but_unknowns_score_alike() -> None:
    """NaN everywhere, in each feature alone, and codes that no category has."""
    rows = np.zeros((len(FEATURES) + 2, len(FEATURES)), dtype=np.float32)
    rows[-1] = np.nan
    rows[-2] = 1e6
    for column in range(len(FEATURES)):
        rows[column, column] = np.nan
    native = lightgbm.Booster(model_file=str(DEFAULT_BOOSTER / "model.txt"))
    scale = json.loads((DEFAULT_BOOSTER / "scale.json").read_text())
    expected = np.interp(native.predict(rows, num_threads=1), scale["probability"], scale["intent"])
    found = BoosterModel(DEFAULT_BOOSTER).score(rows)
    assert all(math.isfinite(score) for score in found.tolist())
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-9)
