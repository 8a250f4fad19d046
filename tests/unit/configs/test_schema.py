"""serve.yaml: every key is known to us and to Serve, and both read the same out of it."""

import copy
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from configs.schema import NODES, RANKING_NODES, ScalingArgs, read_serve_file
from deployments.scaling import ScalingGoal
from ranking.errors import ArtifactError
from tests.fixtures.processes import ROOT

PATH = ROOT / "configs" / "serve.yaml"
Place = tuple[str | int, ...]


def document() -> dict[str, Any]:
    """The file without aliases, so that a change in one place is one change."""
    return copy.deepcopy(_plain(yaml.safe_load(PATH.read_text("utf-8"))))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _objects(value: Any, place: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        yield place
        for key, each in value.items():
            yield from _objects(each, (*place, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _objects(each, (*place, at))


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def refused(changed: dict[str, Any], folder: Path) -> str:
    path = folder / "serve.yaml"
    path.write_text(yaml.safe_dump(changed))
    with pytest.raises(ArtifactError) as raised:
        read_serve_file(path)
    return raised.value.reason


@pytest.mark.parametrize(
    "place", list(_objects(document())), ids=lambda place: ".".join(map(str, place)) or "top"
)
def test_an_unknown_key_is_refused_everywhere(place: Place, tmp_path: Path) -> None:
    changed = document()
    _at(changed, place)["mispelt"] = 1
    assert "mispelt" in refused(changed, tmp_path)


def test_serve_reads_the_same_as_we_do() -> None:
    ours = read_serve_file(PATH).model_dump(exclude_unset=True)
    theirs = ServeDeploySchema.model_validate(document()).model_dump(exclude_unset=True)
    (our_app,), (their_app,) = ours["applications"], theirs["applications"]
    assert theirs["proxy_location"] == ours["proxy_location"]
    for name, value in ours["http_options"].items():
        assert theirs["http_options"][name] == value, name
    for name, value in ours["logging_config"].items():
        assert theirs["logging_config"][name] == value, name
    assert (their_app["name"], their_app["route_prefix"], their_app["import_path"]) == (
        our_app["name"],
        our_app["route_prefix"],
        our_app["import_path"],
    )
    assert [each["name"] for each in their_app["deployments"]] == [
        each["name"] for each in our_app["deployments"]
    ]
    for mine, serves in zip(our_app["deployments"], their_app["deployments"], strict=True):
        assert serves["max_ongoing_requests"] == mine["max_ongoing_requests"]
        assert serves["max_queued_requests"] == mine["max_queued_requests"]
        assert serves["ray_actor_options"]["num_cpus"] == mine["ray_actor_options"]["num_cpus"]
        for name, value in serves["autoscaling_config"].items():
            assert mine["autoscaling_config"][name] == value, name


def test_our_policy_takes_what_the_file_says() -> None:
    deployments = read_serve_file(PATH).applications[0].deployments
    for each in deployments:
        policy = each.autoscaling_config.policy
        module, _, name = policy.policy_function.partition(":")
        getattr(import_module(module), name)(**policy.policy_kwargs.model_dump())
    assert ScalingArgs().model_dump() == asdict(ScalingGoal())


def test_every_node_has_its_limits() -> None:
    deployments = read_serve_file(PATH).applications[0].deployments
    assert sorted(each.name for each in deployments) == sorted(NODES)
    for each in deployments:
        assert each.max_ongoing_requests <= each.max_queued_requests <= 100_000
        assert each.autoscaling_config.min_replicas >= 1
    assert {each.name for each in deployments if each.user_config is not None} == set(RANKING_NODES)


def _deployments(changed: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = changed["applications"][0]["deployments"]
    return found


def test_values_out_of_bounds_are_refused_by_name(tmp_path: Path) -> None:
    def change(place: Place, value: Any) -> str:
        changed = document()
        _at(changed, place[:-1])[place[-1]] = value
        return refused(changed, tmp_path)

    node: Place = ("applications", 0, "deployments", 0)
    assert "max_queued_requests" in change((*node, "max_queued_requests"), -1)
    assert "min_replicas is above max_replicas" in change((*node, "autoscaling_config", "min_replicas"), 9)
    scaling: Place = (*node, "autoscaling_config")
    assert "look_back_period_s must be above" in change((*scaling, "look_back_period_s"), 10.0)
    assert "release_utilisation must be below" in change(
        (*scaling, "policy", "policy_kwargs", "release_utilisation"), 0.6
    )
    assert "policy_function" in change((*scaling, "policy", "policy_function"), "other:policy")
    assert "must sum to 1" in change((*node, "user_config", "final", "fit"), 0.9)
    assert "proxy_location" in change(("proxy_location",), "Somewhere")
    assert "port" in change(("http_options", "port"), 99_999)
    assert "import_path" in change(("applications", 0, "import_path"), "other:app")
    assert "name each of" in change((*node, "name"), "gbdt")


def test_ingress_and_bm25_rank_by_the_same_numbers(tmp_path: Path) -> None:
    changed = document()
    node = next(each for each in _deployments(changed) if each["name"] == "bm25")
    node["user_config"]["final"] = {"fit": 0.5, "intent": 0.5}
    assert "must be the same" in refused(changed, tmp_path)
    changed = document()
    node = next(each for each in _deployments(changed) if each["name"] == "gbdt")
    node["user_config"] = {}
    assert "user_config is for ingress and bm25" in refused(changed, tmp_path)


@pytest.mark.parametrize("text", ["", "- a list", "a text", "applications: []"])
def test_what_is_no_serve_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(text)
    with pytest.raises(ArtifactError):
        read_serve_file(path)
