"""What COPY's text format carries is what went in."""

import json
import random
from io import BytesIO

import asyncpg
import orjson
import pytest

from db.copy_text import array_field, copy_row, json_field, text_field

ODD = (
    "",
    " ",
    "NULL",
    "null",
    "\\N",
    "\\",
    '"',
    "a,b",
    "{a}",
    "tab\there",
    "line\nbreak",
    "\r\n",
    "ü🙂",
    "\x01\x7f",
    "\\t",
    "'",
)


@pytest.fixture
async def connection(database: str):
    opened = await asyncpg.connect(database)
    await opened.execute(
        "CREATE TEMP TABLE odd (id int, text text, document jsonb, texts text[], numbers float8[])"
    )
    yield opened
    await opened.close()


def _random_text(rng: random.Random) -> str:
    return "".join(rng.choice([*ODD, "a", "B", "7", "-", "_"]) for _ in range(rng.randrange(5)))


async def test_odd_texts_arrays_and_documents_come_back_as_they_were(
    connection: asyncpg.Connection,
) -> None:
    rng = random.Random(3)
    rows = [
        (
            number,
            _random_text(rng),
            {_random_text(rng): [_random_text(rng), rng.random(), None]},
            [_random_text(rng) for _ in range(rng.randrange(4))],
            [
                rng.choice((0.0, -0.0, 1e-300, 1e300, rng.random() * 10.0 ** rng.randrange(-9, 9)))
                for _ in range(3)
            ],
        )
        for number in range(400)
    ]
    rows += [(1000 + number, text, {"": text}, [text, text], []) for number, text in enumerate(ODD)]
    lines = [
        copy_row(
            (
                b"%d" % number,
                text_field(text),
                json_field(orjson.dumps(document)),
                array_field(texts),
                array_field(numbers),
            )
        )
        for number, text, document, texts, numbers in rows
    ]
    await connection.copy_to_table("odd", source=BytesIO(b"".join(lines)))
    stored = await connection.fetch("SELECT * FROM odd ORDER BY id")
    assert [(row[0], row[1], json.loads(row[2]), row[3], row[4]) for row in stored] == rows


async def test_a_nul_is_refused_by_postgres(connection: asyncpg.Connection) -> None:
    for fields in (
        (b"1", text_field("a\0b"), b"{}", b"{}", b"{}"),
        (b"1", b"", b"{}", array_field(["a\0"]), b"{}"),
        (b"1", b"", json_field(orjson.dumps("\0")), b"{}", b"{}"),
    ):
        with pytest.raises(asyncpg.DataError):
            await connection.copy_to_table("odd", source=BytesIO(copy_row(fields)))
