import json

import pytest

from bench.record import InvalidRecord, checked, data_of, heading, mib, quantiles, write

COUNTS = {"offered": 10, "completed": 7, "errors": {"503": 2, "timeout": 1}}


def test_a_record_that_accounts_for_every_request_is_written_as_it_is(tmp_path):
    path = write("small", {"scenario": "small", **COUNTS}, tmp_path)
    assert json.loads(path.read_text())["errors"] == {"503": 2, "timeout": 1}


@pytest.mark.parametrize("completed", [6, 8])
def test_a_record_that_loses_or_invents_requests_is_refused(tmp_path, completed):
    with pytest.raises(InvalidRecord, match="10 offered"):
        write("small", {**COUNTS, "completed": completed}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_each_step_of_a_ladder_must_account_for_its_own_requests(tmp_path):
    with pytest.raises(InvalidRecord):
        write("ladder", {**COUNTS, "steps": [{**COUNTS, "offered": 11}]}, tmp_path)
    checked(COUNTS)


def test_quantiles_are_values_that_were_measured():
    assert quantiles([float(value) for value in range(1, 101)]) == {
        "p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0,
    }  # fmt: skip
    assert quantiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0, "max": 7.0}
    assert quantiles([]) == {}


def test_data_are_named_by_the_served_snapshot(tmp_path):
    generation = tmp_path / "snapshots" / "g1"
    generation.mkdir(parents=True)
    (tmp_path / "snapshots" / "CURRENT").write_text("g1\n")
    manifest = {"counts": {"companies": 3, "snippets": 5}, "content_hash": "abc", "files": {}}
    (generation / "manifest.json").write_text(json.dumps(manifest))
    assert data_of(tmp_path) == {"companies": 3, "snippets": 5, "sha256": "abc"}


def test_a_heading_names_code_machine_and_versions():
    found = heading("x", {"companies": 1}, {"kind": "closed"}, packages=("numpy", "no-such-package"))
    assert {"scenario", "started_at", "git_sha", "dirty", "machine", "versions", "data", "load"} == set(found)
    assert found["versions"]["no-such-package"] == "absent"
    assert found["machine"]["cores"] >= 1


def test_mib_are_powers_of_two():
    assert mib(3 * 2**20) == 3.0
