"""Money of the language model: leases of a day's budgets, and one ledger entry per call (F-10)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0003_ledger"))
    run_script(op.get_bind(), read_sql("0003_spending"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0003_down"))
