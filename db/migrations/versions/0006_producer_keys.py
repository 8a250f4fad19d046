"""Public keys of those who may send snippets and outcomes."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0006_producer_keys"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0006_down"))
