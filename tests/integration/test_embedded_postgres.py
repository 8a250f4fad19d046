"""The embedded Postgres: quick, private to its user, gone with its starter, usable again after any crash."""

import os
import signal
from pathlib import Path

import asyncpg
import numpy as np
import psutil
import psycopg
import pytest

from db.embedded import EmbeddedPostgres
from db.pool import PoolLimits, open_pool
from ranking.errors import Unavailable
from tests.fixtures.processes import child, wait_until_gone


@pytest.fixture
def folder(server_folder: Path) -> Path:
    return server_folder / "system"


_HOLD = """
import sys
from pathlib import Path
from db.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), server.pid, flush=True)
sys.stdin.read()
"""


def _rows(dsn: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_rows_survive_a_stop_and_the_second_start_makes_no_new_files(folder: Path) -> None:
    with EmbeddedPostgres(folder) as dsn:
        _rows(dsn, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (41 + 1)")
    made = (folder / "postgres" / "PG_VERSION").stat().st_mtime_ns
    with EmbeddedPostgres(folder) as dsn:
        assert _rows(dsn, "SELECT n FROM kept") == [(42,)]
    assert (folder / "postgres" / "PG_VERSION").stat().st_mtime_ns == made


def test_nothing_listens_on_a_network(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        process = psutil.Process(server.pid)
        listening = [
            connection
            for member in [process, *process.children(recursive=True)]
            for connection in member.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening == []
    finally:
        server.stop()


def test_two_systems_run_side_by_side(server_folder: Path) -> None:
    with EmbeddedPostgres(server_folder / "a") as first, EmbeddedPostgres(server_folder / "b") as second:
        _rows(first, "CREATE TABLE only_here (n int)")
        assert _rows(second, "SELECT to_regclass('only_here')") == [(None,)]


def test_a_second_server_on_the_same_folder_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.embedded.postgres._LOCK_TIMEOUT_S", 0.05)
    with EmbeddedPostgres(folder), pytest.raises(Unavailable, match="in use by another running system"):
        EmbeddedPostgres(folder).start()


@pytest.mark.alone
def test_the_server_ends_with_a_killed_starter_and_the_folder_is_usable_at_once(folder: Path) -> None:
    with child(_HOLD, str(folder)) as starter:
        dsn, pid = starter.readline().split()
        _rows(dsn, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        family = [psutil.Process(int(pid)), *psutil.Process(int(pid)).children(recursive=True)]
        starter.kill()
    with EmbeddedPostgres(folder) as again:  # waits for the dying server by itself
        assert _rows(again, "SELECT n FROM kept") == [(7,)]
        wait_until_gone(family, timeout_s=1.0)


def test_a_killed_postmaster_leaves_a_folder_that_recovers(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    dsn = server.start()
    _rows(dsn, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (9)")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    assert (folder / "postgres" / "postmaster.pid").exists()
    with EmbeddedPostgres(folder) as again:
        assert _rows(again, "SELECT n FROM kept") == [(9,)]


def test_an_initialisation_that_was_cut_short_is_begun_anew(folder: Path) -> None:
    half_made = folder / "postgres.partial"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as dsn:
        assert _rows(dsn, "SELECT current_database()") == [("leads",)]
    assert not half_made.exists()


def test_a_server_that_cannot_start_says_why_and_frees_its_folder(folder: Path) -> None:
    with pytest.raises(Unavailable, match="shared_buffers"):
        EmbeddedPostgres(folder, {"shared_buffers": "many"}).start()
    with EmbeddedPostgres(folder) as dsn:
        assert _rows(dsn, "SELECT 1") == [(1,)]


async def test_the_pool_reads_vectors_as_arrays_and_gives_up_in_time(database: str) -> None:
    pool = await open_pool(database, PoolLimits(statement_timeout_s=0.05))
    try:
        read = await pool.fetchval("SELECT '[1, 0.5]'::vector")
        assert np.array_equal(np.asarray(read.to_numpy() if hasattr(read, "to_numpy") else read), [1.0, 0.5])
        assert await pool.fetchval("SHOW plan_cache_mode") == "force_custom_plan"
        with pytest.raises(asyncpg.QueryCanceledError):
            await pool.execute("SELECT pg_sleep(5)")
    finally:
        await pool.close()


async def test_a_pool_on_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="postgres"):
        await open_pool(EmbeddedPostgres(tmp_path).dsn())
