"""The stand-in as a process of its own."""

import subprocess
import sys
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_it_prints_its_address_and_answers_there():
    command = [sys.executable, "-m", "deployments.standin", "--seed", "3"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            with urllib.request.urlopen(url.replace("/v1", "/control"), timeout=10.0) as answer:
                assert b'"behaviour"' in answer.read()
        finally:
            process.terminate()
