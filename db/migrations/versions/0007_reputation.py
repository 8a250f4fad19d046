"""Standings of submitters, their throttles, and what they tell of the leads they got (F-8)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0007_reputation"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0007_down"))
