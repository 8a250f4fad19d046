"""All tables of the first release; intent_snippets is a hypertable or natively partitioned."""

from alembic import op

from db.migrate import read_sql, run_script, snippet_scripts, timescale_available

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, "CREATE EXTENSION IF NOT EXISTS vector")
    run_script(connection, read_sql("0001_tables"))
    for script in snippet_scripts(timescale_available(connection)):
        run_script(connection, script)
    run_script(connection, read_sql("0001_indexes"))
    run_script(connection, read_sql("0001_changes"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0001_down"))
