"""`leads query`: asks a running server and shows the answer."""

import json
import os
import sys
from typing import Annotated, Any

import typer

from commands.client import ask
from commands.tables import show_answer, wide_console
from commands.target import DataOption, UrlOption, choose


def query(
    prompt: Annotated[str, typer.Argument(help="What you sell and to whom, in your words.")],
    limit: Annotated[
        int | None, typer.Option(min=1, max=2000, help="How many leads.", show_default="25")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as the server gave it.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show where each lead's points come from.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Count ages from this date.", show_default="now")
    ] = None,
    deadline_ms: Annotated[
        int, typer.Option(min=20, max=30_000, help="Answer within so many milliseconds.")
    ] = 2_000,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Rank leads for a prompt."""
    target = choose(data, url, os.environ)
    answer = ask(target.base_url(), "/query", body_of(prompt, limit, as_of, deadline_ms), os.environ)
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
    else:
        show_answer(wide_console(), prompt, answer, explain=explain)


def body_of(prompt: str, limit: int | None, as_of: str | None, deadline_ms: int) -> dict[str, Any]:
    """The request body; what is not given is left to the server's defaults."""
    body: dict[str, Any] = {"query": prompt, "options": {"deadline_ms": deadline_ms}}
    if limit is not None:
        body["limit"] = limit
    if as_of is not None:
        body["options"]["as_of"] = as_of
    return body
