"""Schema versions: bring a database to a revision, take it back, say where it stands (Alembic)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

_MIGRATIONS = Path(__file__).parent / "migrations"
_MARKER = "/* PARTITIONING */"
# Two processes that migrate the same database wait for each other here.
LOCK_KEY = 4_862_026_001


def upgrade(dsn: str, revision: str = "head") -> None:
    """Bring the database at `dsn` (a libpq URL) up to `revision`; does nothing when it is there already."""
    with _connect(dsn) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(dsn: str, revision: str) -> None:
    """Take the database back to `revision` ("base" removes every table of ours)."""
    with _connect(dsn) as connection:
        command.downgrade(_config(connection), revision)


def current(dsn: str) -> str | None:
    """The revision the database is at, None for an empty one."""
    with _connect(dsn) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def read_sql(name: str) -> str:
    """The text of `db/migrations/sql/<name>.sql`."""
    return (_MIGRATIONS / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def timescale_available(connection: Connection) -> bool:
    """Whether the server offers the timescaledb extension."""
    found = connection.execute(text("SELECT FROM pg_available_extensions WHERE name = 'timescaledb'"))
    return found.first() is not None


def snippet_scripts(timescale: bool) -> tuple[str, str]:
    """The scripts that make intent_snippets: the table, then its hypertable or its native partitions."""
    table = read_sql("0001_snippets")
    if timescale:
        return table.replace(_MARKER, ""), read_sql("0001_timescale")
    return table.replace(_MARKER, "PARTITION BY RANGE (seen_at)"), read_sql("0001_native")


def run_script(connection: Connection, script: str) -> None:
    """Execute a script of several statements as it stands (no parameter marks are looked for)."""
    driver_connection = connection.connection.driver_connection
    assert driver_connection is not None
    driver_connection.execute(script)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connect(dsn: str) -> Iterator[Connection]:
    engine = create_engine(make_url(dsn).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        yield connection
    engine.dispose()
