"""`python -m deployments.standin --port 9100 [--world FOLDER] [--seed 0]`: the stand-in until it is interrupted."""

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from deployments.standin.server import StandIn
from deployments.standin.world import HiddenWorld


async def serve(port: int, world: Path | None, seed: int) -> None:
    """Answer until cancelled."""
    async with StandIn(HiddenWorld.open(world) if world else None, seed, port=port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--world", type=Path, default=None, help="folder that `leads generate` has written")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, given.world, given.seed))


if __name__ == "__main__":
    main()
