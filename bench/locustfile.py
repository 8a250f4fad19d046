"""For people who want to watch load: `locust -f bench/locustfile.py --host http://127.0.0.1:8000`, then open the page it names.

Locust's users wait for each answer before they ask again (closed loop): a slow server gets less load, and latencies look better than a
fixed rate would show them. What is recorded comes from `leads bench`.
"""

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from locust import HttpUser, between, task

sys.path.insert(0, str(Path(__file__).parents[1]))  # locust loads this file by its path

from bench import asking, prompts

_DEADLINE_MS = 2_000
_BATCH = 50
_SEEDS = count(1)
_JSON = {"Content-Type": "application/json"}


class Seller(HttpUser):
    """Asks prompts of the usual mix, no two alike, a second or two apart; now and then looks why somebody is in the list."""

    wait_time = between(0.5, 2.0)

    def on_start(self) -> None:
        """Prepare this user's own prompts."""
        self._asked = self._endless(prompts.Prompts(next(_SEEDS)))
        self._shown: tuple[str, str] | None = None

    @task(9)
    def ask(self) -> None:
        """One query; the answer must hold leads or say that there are none."""
        with self.client.post(
            "/query", data=next(self._asked), headers=_JSON, catch_response=True
        ) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}")
                return
            answer = response.json()
            if len(answer["leads"]) != answer["metadata"]["returned"]:
                response.failure("fewer leads than it says")
            elif answer["leads"]:
                self._shown = answer["query_id"], answer["leads"][0]["lead_id"]

    @task(1)
    def explain(self) -> None:
        """Why the first lead of the last answer is there."""
        if self._shown is not None:
            query_id, lead_id = self._shown
            self.client.post("/explain", json={"query_id": query_id, "lead_id": lead_id})

    def _endless(self, supply: prompts.Prompts) -> Iterator[bytes]:
        while True:
            for asked in supply.take(_BATCH):
                yield asking.body(asked.prompt, asked.limit, _DEADLINE_MS).encode()
