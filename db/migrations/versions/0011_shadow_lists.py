"""Lists that a candidate booster would have made of live queries (F-10)."""

from alembic import op

from db.migrate import read_sql, run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0011_shadow_lists"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0011_down"))
