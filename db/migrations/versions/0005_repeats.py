"""Sketches by which near-duplicate snippets are found, and what each repeats (F-9)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0005_repeats"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0005_down"))
