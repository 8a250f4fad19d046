"""Labels of the language model: the date of their evidence, and cost shares in nano-dollars (F-10)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0004_labels"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0004_down"))
