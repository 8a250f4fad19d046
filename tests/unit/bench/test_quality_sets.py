"""Public sets in small: files are read as they are, legs are fused, and what is not there is named."""

import numpy as np
import pytest

from bench.evaluation import collections, letor, real
from bench.lexical_quality import Collection
from ranking.taxonomy import load_taxonomy


class Encoder:
    """Vectors that know three words."""

    version = "three words"

    def encode(self, texts):
        counts = [[text.count(word) for word in ("wing", "heat", "plate")] for text in texts]
        vectors = np.array(counts, dtype=np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def collection():
    texts = {
        1: "the wing of a plane",
        2: "heat in a flat plate",
        3: "plate and wing",
        4: "slipstream of a propeller",
    }
    queries = {number: "wing" if number % 2 else "heat plate" for number in range(1, 9)}
    relevant = {number: frozenset({1, 3}) if number % 2 else frozenset({2}) for number in range(1, 8)}
    return Collection(texts, queries, relevant)


def test_each_way_to_search_is_judged_on_the_same_queries_by_half():
    found = collections.judge("small", collection(), Encoder(), load_taxonomy(), 1)
    assert (found["texts"], found["queries"]) == (4, 7)  # the eighth query was judged by nobody
    assert set(found["tuning"]) == set(found["final"]) == set(collections.WAYS)
    halves = [found[half]["dense"]["ndcg_at_10"]["prompts"] for half in ("tuning", "final")]
    assert sum(halves) == 7
    assert found["tuning"]["dense"]["ndcg_at_10"]["mean"] == 1.0
    assert "ndcg_at_10_gain" not in found["tuning"][collections.REFERENCE]


def written(folder, part, queries, rng):
    lines, sizes = [], []
    for _ in range(queries):
        sizes.append(12)
        for _ in range(12):
            grade = int(rng.integers(0, 5))
            lines.append(f"{grade} 3:{grade + rng.random():.2f} 7:{rng.random():.2f}")
    (folder / f"rank.{part}").write_text("\n".join(lines) + "\n")
    (folder / f"rank.{part}.query").write_text("\n".join(map(str, sizes)) + "\n")


def test_our_training_learns_the_feature_that_tells_grades_apart(tmp_path):
    rng = np.random.default_rng(3)
    written(tmp_path, "train", 40, rng)
    written(tmp_path, "test", 16, rng)
    rows = letor.read(tmp_path, "train")
    assert rows.features.shape == (480, 300)
    assert np.isnan(rows.features[0, 0])
    assert letor.best_column(rows) == 2
    found = letor.judge(tmp_path, 1)
    assert found["judged"] == "16 queries"
    for half in ("tuning", "final"):
        ndcg = {name: row["ndcg_at_10"]["mean"] for name, row in found[half].items()}
        assert ndcg[letor.REFERENCE] > 0.9 > ndcg["random"]
        assert ndcg["best single feature"] == pytest.approx(1.0, abs=0.05)


def test_a_set_that_is_not_there_is_named_and_not_made_up(tmp_path):
    folder = tmp_path / "learning_to_rank"
    folder.mkdir()
    rng = np.random.default_rng(3)
    written(folder, "train", 40, rng)
    written(folder, "test", 16, rng)
    found = real.evaluate(tmp_path, 1)
    assert found["absent"] == ["cranfield", "cacm", "olist_funnel", "startup_world"]
    assert list(found["real"]) == ["learning_to_rank"]
    assert found["offered"] == found["completed"] + sum(found["errors"].values())
