"""exports

Revision ID: 0006
Revises: 0005

"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_export",
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ready_until", sa.DateTime(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'failed')", name=op.f("ck_member_export_state")),
        sa.CheckConstraint(
            "(state = 'ready') = (ready_until IS NOT NULL)", name=op.f("ck_member_export_ready_ends")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_member_export_member_id_member")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_export")),
        sa.UniqueConstraint("public_id", name=op.f("uq_member_export_public_id")),
    )


def downgrade() -> None:
    op.drop_table("member_export")
