"""`leads generate`, `import`, `embed` and `train` on a data folder without a running system."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

import cli
from configs.llm import LabelConfig
from db.embedded import EmbeddedPostgres
from db.pool import open_pool
from deployments.llm.label_store import LabelStore
from deployments.llm.labels import Label
from ingest.synthetic import WorldSpec, generate
from ranking.features import FEATURES
from ranking.money import NanoUsd


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(autouse=True)
def no_outside_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "LEADS_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def test_rows_are_accounted_for_and_a_second_import_changes_nothing(
    server_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    companies = tmp_path / "companies.csv"
    companies.write_text(
        "id,name,domain,country,employee_count\n"
        "c1,Acme,acme.example,DE,120\n"
        "c2,Bolt,bolt.example,Germany,51-200\n"
        ",Nameless,x.example,DE,3\n",
        encoding="utf8",
    )
    arguments = ("import", companies, "--map", "company_id=id", "--data", server_folder, "--no-embed")
    assert run(*arguments) == 0
    assert "rows in 3 = stored 2 + unchanged 0 + rejected 1" in capsys.readouterr().out
    rejects = (tmp_path / "companies.csv.rejects.jsonl").read_text().splitlines()
    assert json.loads(rejects[0])["field"] == "company_id"
    assert (server_folder / "snapshots" / "CURRENT").exists()
    assert run(*arguments) == 0
    assert "rows in 3 = stored 0 + unchanged 2 + rejected 1" in capsys.readouterr().out


def test_a_world_is_generated_imported_and_trained_on(
    server_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = tmp_path / "world"
    generate(WorldSpec(companies=600, snippets=4_000, products=12), world)
    let_more_buy(world / "outcomes.jsonl")
    files = [world / f"{name}.jsonl" for name in ("companies", "leads", "snippets", "outcomes")]
    assert run("import", *files, "--data", server_folder, "--no-embed") == 0
    assert run("train", "--data", server_folder) == 0
    assert "auc_held_out" in capsys.readouterr().out
    (artefact,) = (server_folder / "artefacts").iterdir()
    assert json.loads((artefact / "manifest.json").read_text())["kind"] == "booster"
    store_labels(server_folder, 40)
    assert run("train", "--data", server_folder) == 0
    assert "outcomes alone: " in capsys.readouterr().out
    store_labels(server_folder, 500)
    assert run("train", "--data", server_folder, "--no-judgements") == 0
    assert list((server_folder / "artefacts").iterdir()) == [
        artefact
    ]  # to the last bit what outcomes alone make
    assert run("train", "--data", server_folder) == 0
    assert "label_spearman" in capsys.readouterr().out
    (learned,) = (each for each in (server_folder / "artefacts").iterdir() if each != artefact)
    manifest = json.loads((learned / "manifest.json").read_text())
    assert manifest["metrics"]["labels"] == 500
    assert set(manifest["files"]) == {
        "model.txt",
        "scale.json",
        "probe.npy",
        "judge.json",
        "distillation.json",
    }


def let_more_buy(outcomes: Path) -> None:
    """Eleven purchases are too few for three sides; now every ninth company that was shown bought."""
    rows = [json.loads(line) for line in outcomes.read_text().splitlines()]
    for row in rows[::9]:
        row["label"] = 1
    outcomes.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def store_labels(folder: Path, count: int) -> None:
    """Judgements as queries leave them: the more evidence a company has, the higher its score."""

    async def put(dsn: str) -> None:
        async with await open_pool(dsn) as pool:
            store = LabelStore(pool, LabelConfig())
            for number, told in enumerate(np.random.default_rng(3).random((count, len(FEATURES)))):
                score = 90.0 * float(told[FEATURES.index("base")])
                features = (10.0 * told).astype(np.float32)
                store.put(
                    Label(
                        "crm", f"company {number}", "e", "m", "v1", score, features, 1.78e9, "q", None, 300, 10,
                        NanoUsd(50_000),
                    )
                )  # fmt: skip
            await store.close()

    server = EmbeddedPostgres(folder)
    try:
        asyncio.run(put(server.start()))
    finally:
        server.stop()


def test_the_same_seed_generates_the_same_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def digest(folder: str) -> str:
        assert (
            run(
                "generate",
                "--companies",
                "60",
                "--snippets",
                "200",
                "--seed",
                "3",
                "--out",
                tmp_path / folder,
            )
            == 0
        )
        return capsys.readouterr().out.split("sha256")[1]

    assert digest("one") == digest("two")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "missing.jsonl"), "no such file: missing.jsonl"),
        (("import", __file__, "--map", "company_id"), "--map company_id: must look like FIELD=COLUMN"),
        (("generate", "--out", "x", "--as-of", "soon"), "--as-of soon: must be a date"),
        (("import", "missing.jsonl", "--url", "http://127.0.0.1:1"), "--url"),
        (("train", "--labels", __file__), "not an outcome with prompt"),
    ],
)
def test_wrong_use_is_one_line_and_code_2(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--url" not in arguments and arguments[0] != "generate":
        arguments = (*arguments, "--data", str(tmp_path))
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_asking_where_nothing_runs_says_how_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("query", "CRM for banks", "--data", tmp_path) == 1
    assert "leads up" in capsys.readouterr().err


def test_asking_an_address_where_nobody_answers_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("query", "CRM for banks", "--url", "http://127.0.0.1:9") == 1
    assert "does not answer" in capsys.readouterr().err
