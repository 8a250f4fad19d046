"""ANALYZE of the query log reads little: it takes half a second of a core for each second of load otherwise."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0002_log_statistics"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0002_down"))
