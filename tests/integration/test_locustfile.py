"""The file for people: locust's own command runs it against a real HTTP server."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[tuple[str, Counter[str]]]:
    asked: Counter[str] = Counter()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked[self.path] += 1
            asked["prompts"] += bool(body.get("query"))
            answer = {"query_id": "q" * 32, "leads": [{"lead_id": "ld-1"}], "metadata": {"returned": 1}}
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return None

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_address[1]}", asked
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_locust_runs_it_without_a_failure(server, tmp_path):
    url, asked = server
    command = [
        sys.executable, "-m", "locust", "-f", str(PROJECT / "bench" / "locustfile.py"), "--headless", "--host", url,
        "-u", "4", "-r", "4", "-t", "4s", "--only-summary",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert asked["prompts"] == asked["/query"] > 0
