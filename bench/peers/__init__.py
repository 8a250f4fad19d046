"""Peers in the same run: the same cascade, data and models behind other serving stacks (docs/decisions/0019).

- `defaults`: our graph as Ray Serve comes, one call per request and hop;
- `fastapi`: FastAPI and uvicorn with the usual libraries;
- `litserve`: the same functions behind LitServe and its batching;
- `plain`: our own pipeline in plain uvicorn, a process per core: the upper bound.

`leads bench peers --data DIR` measures them beside `ours`, one after the other on one machine, and writes the record.
"""

from pathlib import Path

from bench.options import Options


def run(options: Options) -> Path:
    """Measure all peers and the retrieval legs; return the path of the record."""
    from bench.peers import scenario  # noqa: PLC0415 - `leads bench --list` needs none of what it imports

    return scenario.run(options)
