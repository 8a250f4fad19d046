"""What others wrote, shown in a terminal as they wrote it: neither the terminal nor the library obeys it."""

import re
from typing import Final

from rich.console import Console
from rich.table import Column, Table

_PLAIN_WIDTH: Final = 140
# C0, DEL and C1, and what turns the direction of writing.
_COMMANDS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain_console(*, soft_wrap: bool = False) -> Console:
    """The terminal, or 140 columns where the output goes to a file or a pipe; brackets and colons are only that."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=soft_wrap)
    if not console.is_terminal and not soft_wrap:
        console.width = max(console.width, _PLAIN_WIDTH)
    return console


def whole_table(*columns: str) -> Table:
    """A table that shortens nothing: what is too long for its column goes on in the next line."""
    return Table(*(Column(name, overflow="fold") for name in columns))


def harmless(text: str) -> str:
    """The text with characters that command a terminal written out, as `\\x1b`."""
    return _COMMANDS.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
