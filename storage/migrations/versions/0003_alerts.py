"""Each job knows the alert that it raised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply it."""
    op.add_column("jobs", sa.Column("alert", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it back; the trail still has the alerts."""
    op.drop_column("jobs", "alert")
