"""Invariants of synthetic worlds of any size and seed."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.synthetic import WorldSpec, generate

specs = st.builds(
    WorldSpec,
    companies=st.integers(50, 250),
    snippets=st.integers(50, 400),
    products=st.integers(2, 56),
    seed=st.integers(0, 2**31 - 1),
)


@given(spec=specs)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_world_is_deterministic_and_whole(spec):
    with tempfile.TemporaryDirectory() as folder:
        first = generate(spec, Path(folder) / "a")
        again = generate(spec, Path(folder) / "b")
        assert first == again
        assert first.counts["companies.jsonl"] == spec.companies
        assert first.counts["snippets.jsonl"] == spec.snippets
        assert first.counts["prompts.jsonl"] == 7 * spec.products
        lines = (Path(folder) / "a/snippets.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n")
        ids = {json.loads(line)["snippet_id"] for line in lines}
        assert len(ids) == spec.snippets


def test_labels_do_not_depend_on_the_order_of_hashes(tmp_path):
    code = (
        "import sys; from pathlib import Path; from ingest.synthetic import WorldSpec, generate;"
        "sys.stdout.write(generate(WorldSpec(companies=200, snippets=500), Path(sys.argv[1])).sha256)"
    )
    digests = set()
    for seed in ("0", "1", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1
