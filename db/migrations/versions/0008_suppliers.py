"""Flags of snippets, judgements of suppliers, and reports of emissions (F-8, F-9)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0008_suppliers"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0008_down"))
