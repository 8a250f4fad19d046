"""Sketches of all judged snippets in the order of judging, and rulings on appeal (F-9)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0009_verdicts"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0009_down"))
