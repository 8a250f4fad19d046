"""The stand-in as a process of its own, by hand and for the demo."""

import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from commands.demo import NO_KEY, language_model
from configs.llm import LlmSettings
from deployments.standin.behaviour import Behaviour
from deployments.standin.process import StandInProcess
from ranking.errors import Unavailable

PROJECT = Path(__file__).parents[2]


def control(url: str) -> bytes:
    with urllib.request.urlopen(url.replace("/v1", "/control"), timeout=10.0) as answer:
        return bytes(answer.read())


def test_it_prints_its_address_and_answers_there():
    command = [sys.executable, "-m", "deployments.standin", "--seed", "3"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            assert b'"behaviour"' in control(url)
        finally:
            process.terminate()


def test_it_behaves_as_told_and_is_gone_after_its_use(tmp_path):
    with StandInProcess(None, tmp_path / "logs" / "standin.log") as standin:
        standin.behave(Behaviour(noise=3.5))
        assert b'"noise": 3.5' in control(standin.url)
        assert standin.seen() == {}
        assert standin.environment() == {"OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": standin.url}
        pid = standin.pid
    assert not psutil.pid_exists(pid)


def test_one_that_cannot_start_is_unavailable_and_says_where_to_look(tmp_path):
    with pytest.raises(Unavailable, match=r"standin\.log"):
        StandInProcess(tmp_path / "nowhere", tmp_path / "standin.log").__enter__()
    assert "FileNotFoundError" in (tmp_path / "standin.log").read_text()


def test_the_demo_without_a_key_has_a_stand_in_for_as_long_as_it_runs_and_says_so(
    tmp_path, served_world, capsys
):
    (tmp_path / "world").symlink_to(served_world.files)
    with language_model(LlmSettings(openai_api_key=None), tmp_path, Console(width=200)) as environment:
        assert capsys.readouterr().out.strip() == NO_KEY
        url = environment["OPENAI_BASE_URL"]
        assert b'"behaviour"' in control(url)
    with pytest.raises(OSError, match="refused"):
        control(url)


def test_the_demo_with_a_key_asks_where_it_belongs_and_starts_nothing(tmp_path, capsys):
    settings = LlmSettings(openai_api_key="sk-1", openai_base_url="https://example.test/v1")
    with language_model(settings, tmp_path, Console(width=140)) as environment:
        assert environment == {}
    told = capsys.readouterr().out
    assert "https://example.test/v1 is asked" in told
    assert "sk-1" not in told
    assert NO_KEY not in told
