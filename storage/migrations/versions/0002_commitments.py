"""Every commitment request is remembered, and every report that is owed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NEWEST = sa.text(
    "SELECT transaction_uid, id AS delivery_id, coalesce(sent_at, created_at) AS asked_at"
    " FROM deliveries WHERE transaction_uid IS NOT NULL"
)


def upgrade() -> None:
    """Apply it."""
    asked = op.get_bind().execute(_NEWEST).mappings().all()
    # Before any table refers to this one: SQLite makes it anew and drops the old.
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_transaction_uid"))
        batch_op.drop_column("transaction_uid")
    requests = op.create_table(
        "commitment_requests",
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_commitment_requests_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "transaction_uid", "delivery_id", name=op.f("pk_commitment_requests")
        ),
        comment="What we asked a peer to vouch for, every time: an answer may come late",
    )
    op.create_index(
        op.f("ix_commitment_requests_delivery_id"), "commitment_requests", ["delivery_id"]
    )
    if asked:
        op.bulk_insert(requests, [dict(row) for row in asked])
    op.create_table(
        "commitment_reports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("calling_ae", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("committed", sa.JSON(), nullable=False),
        sa.Column("failed", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_reports")),
        sa.UniqueConstraint(
            "calling_ae",
            "address",
            "transaction_uid",
            name=op.f("uq_commitment_reports_calling_ae_address_transaction_uid"),
        ),
        comment="What others asked us to vouch for, and the answer we still owe them",
    )
    op.create_index(op.f("ix_commitment_reports_not_before"), "commitment_reports", ["not_before"])


def downgrade() -> None:
    """Take it back; of several requests about one delivery the newest is kept."""
    op.drop_table("commitment_reports")
    requests = op.get_bind().execute(
        sa.text("SELECT transaction_uid, delivery_id FROM commitment_requests ORDER BY asked_at")
    )
    newest = {row.delivery_id: row.transaction_uid for row in requests}
    op.drop_table("commitment_requests")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("transaction_uid", sa.String(length=64), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_deliveries_transaction_uid"), ["transaction_uid"], unique=False
        )
    for delivery_id, transaction_uid in newest.items():
        op.get_bind().execute(
            sa.text("UPDATE deliveries SET transaction_uid = :uid WHERE id = :id"),
            {"uid": transaction_uid, "id": delivery_id},
        )
