"""Changes of what a supplier is worth are followed by transaction, like those of records (F-8)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0010_supplier_changes"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0010_down"))
