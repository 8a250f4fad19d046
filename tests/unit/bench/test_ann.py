"""The comparison of nearest-neighbour methods: its vectors, filters, recall and page. Needs neither Faiss nor a database."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.ann import page
from bench.ann.contestant import Built
from bench.ann.exact import Blas, Coded, Compiled, Exact
from bench.ann.measuring import Trial, at_once, cheapest, sweep
from bench.ann.perturbation import local_distance, multiplied, neighbours
from bench.ann.reading import records
from bench.ann.spread import intrinsic_dimension, nearest_distances, spread
from bench.ann.subsets import orders, places
from bench.ann.texts import passages, worth
from bench.ann.truth import queries, recall, thresholds
from bench.ann.vectors import embedded

WIDTH = 384


def clustered(count: int, seed: int = 1, spread_of: float = 0.6) -> np.ndarray:
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((10, WIDTH))
    vectors = centres[draw.integers(0, 10, count)] + spread_of * draw.standard_normal((count, WIDTH))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


VECTORS = clustered(600)
LONG = "Payments for marketplaces that pay out to sellers"


def test_passages_are_sentences_and_then_whole_texts(tmp_path: Path) -> None:
    two = f"{LONG} in many countries. We also keep their books and file their taxes."
    (tmp_path / "a.jsonl").write_text(json.dumps({"name": "Acme", "text": {"about": [two]}}) + "\n", "utf-8")
    (tmp_path / "b.csv").write_text(f'id,text\n1,"{LONG.upper()} IN MANY  COUNTRIES."\n', "utf-8")
    (tmp_path / "c.png").write_text(LONG, "utf-8")
    assert passages(tmp_path, 9) == [
        f"{LONG} in many countries.",
        "We also keep their books and file their taxes.",
        two,
    ]
    assert passages(tmp_path, 1) == [f"{LONG} in many countries."]
    assert passages(tmp_path / "a.jsonl", 1) == passages(tmp_path, 1)


def test_tags_and_paragraphs_part_plain_texts(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        f"<doc><title>{LONG}</title>\n{LONG} abroad\n\n{LONG} at home</doc>", "utf-8"
    )
    (tmp_path / "b.json").write_text(json.dumps([LONG + " online", 3, None]), "utf-8")
    (tmp_path / "c.tsv").write_text(f"en\t{LONG} by card\n", "utf-8")
    assert passages(tmp_path, 9) == [
        f"{LONG}{end}" for end in ("", " abroad", " at home", " online", " by card")
    ]


def test_a_folder_without_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no text"):
        passages(tmp_path, 5)


@pytest.mark.parametrize(
    "text", ["short", "https://example.com/" + "a" * 60, "a" * 60, "1 2 3 4 5 6 7 8 9 " * 4]
)
def test_addresses_figures_and_short_texts_are_no_passages(text: str) -> None:
    assert not worth(text)


def test_texts_are_embedded_once_and_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(1500)]
    calls: list[int] = []

    def encode(batch: Sequence[str]) -> np.ndarray:
        calls.append(len(batch))
        if len(calls) == 2:
            raise InterruptedError
        return np.full((len(batch), WIDTH), float(batch[0].split()[1]), dtype=np.float32)

    with pytest.raises(InterruptedError):
        embedded(texts, tmp_path, encode)
    first = embedded(texts, tmp_path, encode)
    again = embedded(texts, tmp_path, encode)
    assert calls == [1024, 476, 476]
    assert first.vectors[[0, 1023, 1024, 1499], 0].tolist() == [0.0, 0.0, 1024.0, 1024.0]
    assert np.array_equal(first.vectors, again.vectors)
    assert again.origin["texts"] == 1500


def test_copies_have_length_one_and_the_originals_come_first() -> None:
    found = multiplied(VECTORS, 1_500, seed=3)
    assert found.shape == (1_500, WIDTH)
    assert np.array_equal(found[:600], VECTORS)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(found, multiplied(VECTORS, 1_500, seed=3))
    assert not np.array_equal(found[600:1200], found[600:1200][::-1])


def test_most_copies_lie_nearer_to_their_original_than_a_usual_neighbour_and_none_upon_it() -> None:
    reach = local_distance(VECTORS, neighbours(VECTORS, 20))
    away = np.linalg.norm(multiplied(VECTORS, 1_200, seed=3)[600:] - VECTORS, axis=1)
    assert float(np.median(away / reach)) < 0.95
    assert float((away / reach).min()) > 0.4


def test_fewer_vectors_than_given_are_refused_and_as_many_are_the_same() -> None:
    assert multiplied(VECTORS, 600, seed=3) is VECTORS
    with pytest.raises(ValueError, match="599 vectors are fewer than the 600"):
        multiplied(VECTORS, 599, seed=3)


def test_neighbours_are_the_exact_ones_without_the_row_itself() -> None:
    near = neighbours(VECTORS, 3)
    for row in (0, 17, 599):
        order = np.argsort(-(VECTORS @ VECTORS[row]))
        assert set(near[row].tolist()) == set(order[order != row][:3].tolist())


def test_subsets_are_nested_prefixes_and_their_bits_are_their_rows() -> None:
    found = list(orders(VECTORS, seed=5).subsets())
    assert [each.name for each in found] == [
        "all", "chance 10%", "chance 1%", "chance 0.1%", "near 10%", "near 1%", "near 0.1%",
    ]  # fmt: skip
    assert [len(each.rows()) for each in found] == [600, 60, 6, 1, 60, 6, 1]
    assert set(found[2].rows()) <= set(found[1].rows())
    assert np.array_equal(np.flatnonzero(found[4].mask()), found[4].rows())


def test_rows_near_a_pivot_are_nearer_to_each_other_than_rows_by_chance() -> None:
    found = {each.name: VECTORS[each.rows()] for each in orders(VECTORS, seed=5).subsets()}
    likeness = {name: float((rows @ rows.T).mean()) for name, rows in found.items()}
    assert likeness["near 10%"] > 2 * likeness["chance 10%"]


def test_places_invert_an_order() -> None:
    assert places(np.array([2, 0, 1])).tolist() == [1, 2, 0]


def test_queries_are_unit_means_of_near_rows() -> None:
    asked = queries(VECTORS, 30, seed=2)
    assert np.allclose(np.linalg.norm(asked, axis=1), 1.0, atol=1e-5)
    assert np.allclose((asked[::3] @ VECTORS.T).max(axis=1), 1.0, atol=1e-5), "every third is a row itself"
    assert (asked @ VECTORS.T).max(axis=1).min() > 0.6


def test_recall_counts_right_rows_once_and_never_those_outside_the_filter() -> None:
    subset = list(orders(VECTORS, seed=5).subsets())[1]
    one = queries(VECTORS, 1, seed=2)
    (threshold,) = thresholds(VECTORS, one, subset, k=4)
    rows = subset.rows()
    exact = rows[np.argsort(-(VECTORS[rows] @ one[0]))[:4]]
    outside = np.setdiff1d(np.arange(600, dtype=np.int32), rows)[:40]
    assert recall(VECTORS, one[0], subset, exact, threshold) == 1.0
    assert recall(VECTORS, one[0], subset, exact[[0, 0, 0, 1]], threshold) == 0.5
    assert recall(VECTORS, one[0], subset, np.concatenate([exact[:3], outside]), threshold) == 0.75
    assert recall(VECTORS, one[0], subset, exact[:0], threshold) == 0.0


def test_a_row_as_near_as_the_last_exact_one_counts_like_it() -> None:
    twins = np.concatenate([VECTORS[:300], VECTORS[:300]])
    subset = next(orders(twins, seed=5).subsets())
    one = VECTORS[7]
    (threshold,) = thresholds(twins, one[None], subset, k=1)
    for row in (7, 307):
        assert recall(twins, one, subset, np.array([row], dtype=np.int32), threshold) == 1.0


def test_an_answer_can_hold_no_more_rows_than_pass() -> None:
    subset = list(orders(VECTORS, seed=5).subsets())[2]
    assert thresholds(VECTORS, VECTORS[:1], subset, k=100)[0][1] == 6


def test_the_intrinsic_dimension_of_a_plane_is_about_two() -> None:
    draw = np.random.default_rng(1)
    flat = np.sqrt(np.sort(draw.random((4_000, 400)), axis=1)[:, :20])
    assert 1.9 < intrinsic_dimension(flat) < 2.1
    assert np.isnan(intrinsic_dimension(np.zeros((3, 5))))


def test_distances_leave_the_row_itself_out_and_ascend() -> None:
    found = nearest_distances(VECTORS, np.array([4]), 5)
    direct = np.sort(np.linalg.norm(VECTORS - VECTORS[4], axis=1))[1:6]
    assert np.allclose(found[0], direct, atol=1e-3)


def test_equal_vectors_are_told() -> None:
    assert spread(np.concatenate([VECTORS, VECTORS]), 50, seed=1)["share_with_an_equal"] == 1.0
    assert spread(VECTORS, 50, seed=1)["share_with_an_equal"] == 0.0


@pytest.mark.parametrize("method", [Blas, Compiled, Coded])
def test_exact_methods_find_the_exact_answer_under_every_filter(method: type[Exact]) -> None:
    vectors = clustered(3_000, seed=9)
    asked = queries(vectors, 6, seed=2)
    contestant = method(vectors)
    for subset in orders(vectors, seed=5).subsets():
        trial = Trial(vectors, asked, subset, thresholds(vectors, asked, subset), 60.0)
        (result,) = sweep(contestant, trial)
        assert result["recall"] == 1.0
        assert (result["offered"], result["completed"], result["errors"]) == (6, 6, {})
        assert at_once(contestant, {}, trial) > 0.0
    assert contestant.server_cpu_s() == 0.0
    contestant.close()


class Lossy(Exact):
    """Finds a share of the rows that grows with its setting, and slowly at that."""

    name = "lossy"
    settings = ({"share": 50}, {"share": 96}, {"share": 100}, {"share": 101})

    def search(self, one: np.ndarray, subset: object, setting: dict, k: int) -> np.ndarray:
        rows = np.argsort(-(self._vectors @ one))[:k]
        return rows[: setting["share"] * k // 100].astype(np.int32)


def test_a_sweep_ends_when_the_recall_is_enough_and_the_cheapest_sufficient_setting_is_taken() -> None:
    subset = next(orders(VECTORS, seed=5).subsets())
    asked = queries(VECTORS, 4, seed=2)
    contestant = Lossy(VECTORS)
    assert contestant.built == Built(0.0, 0.0, VECTORS.nbytes)
    results = sweep(contestant, Trial(VECTORS, asked, subset, thresholds(VECTORS, asked, subset), 60.0))
    assert [each["recall"] for each in results] == [0.5, 0.96, 1.0]
    for place, each in enumerate(results):
        each["cpu_ms"] = 1.0 + place
    chosen = cheapest(results, "lossy", "all", 0.95)
    assert chosen is not None
    assert chosen["setting"] == {"share": 96}
    assert cheapest(results, "lossy", "near 1%", 0.95) is None


def test_queries_not_asked_in_time_are_counted() -> None:
    subset = next(orders(VECTORS, seed=5).subsets())
    asked = queries(VECTORS, 4, seed=2)
    trial = Trial(VECTORS, asked, subset, thresholds(VECTORS, asked, subset), 0.0)
    (result,) = sweep(Blas(VECTORS), trial)
    assert (result["offered"], result["completed"], result["errors"]) == (4, 1, {"out_of_time": 3})


def record() -> dict:
    """A small record as the comparison writes it."""

    def result(method: str, where: str, rows: int, found: float, ms: float) -> dict:
        return {
            "method": method, "filter": where, "rows": rows, "setting": {"efSearch": 100}, "recall": found, "errors": {},
            "latency_ms": {"p50": ms, "p95": 2 * ms}, "cpu_ms": ms, "at_once_per_cpu_s": 500.0,
        }  # fmt: skip

    return {
        "started_at": "2026-01-02T03:04:05+00:00", "git_sha": "0123456789abcdef", "offered": 400, "completed": 400,
        "machine": {"cpu": "a processor", "cores": 2, "load_average_before": 0.1},
        "data": {"vectors": 1000, "texts": 500, "mean_characters": 90, "source": "letters"}, "load": {"queries": 100},
        "perturbation": {"copies": 500, "furthest": 0.5, "neighbours": 20, "noise": 0.3},
        "spread": {"texts": {"distance": {"to_neighbour_1": {"p5": 0.5, "p50": 0.6, "p95": 0.7}},
                             "share_with_an_equal": 0.0, "intrinsic_dimension": 20.5}},
        "built": {"Faiss HNSW": {"build_s": 50.0, "build_cpu_s": 49.0, "held_mib": 160.0}},
        "results": [
            result(page.SERVICE, "all", 1000, 1.0, 3.0), result("Faiss HNSW", "all", 1000, 0.97, 1.5),
            result(page.SERVICE, "near 1%", 10, 1.0, 0.1), result("Faiss HNSW", "near 1%", 10, 0.6, 9.0),
        ],
    }  # fmt: skip


def test_the_page_says_where_another_method_is_quicker_and_where_none_reaches_the_recall() -> None:
    text = page.page({"ann": record()})
    assert "**1,000 vectors.** It takes the least CPU under 1 of 2 filters." in text
    assert "- all: Faiss HNSW takes 1.50 ms (recall 0.970), ours 3.00 ms: 2.0 times as much." in text
    assert "takes 3.00 ms of CPU, and grows with the rows: 18 ms are reached at about 6,000 rows" in text
    assert "| Faiss HNSW | none reaches it | 0.600 |" in text
    assert "500 of the 1,000 are copies" in text
    assert f"| {page.SERVICE} | 3.00 | 0.10 |" in text
    assert "| Faiss HNSW | - | - |" in text


def test_a_busy_machine_is_told_and_the_same_method_under_another_name_is_no_rival() -> None:
    busy = record()
    busy["machine"]["load_average_before"] = 7.5
    dear, equal = (
        {**busy["results"][place], "method": Compiled.name, "cpu_ms": ms}
        for place, ms in ((0, 6.0), (2, 0.09))
    )
    busy["results"] += [dear, equal]
    text = page.page({"ann": busy})
    assert "CPU can be compared, latencies cannot" in text
    assert "CPU can be compared" not in page.page({"ann": record()})
    assert "It takes the least CPU under 1 of 2 filters." in text


def test_the_published_page_is_the_one_its_records_make() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(records()), "run `python -m bench.ann --page`"
