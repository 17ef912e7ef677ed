"""the index of messages

Revision ID: 0004
Revises: 0003

"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # Contentless: the words stay in `message` alone. No stemming, no ranking.
        op.execute(
            "CREATE VIRTUAL TABLE message_index USING fts5(scope, tokens, content='', detail='full',"
            " tokenize='unicode61 remove_diacritics 0')"
        )
    else:
        op.execute(
            "CREATE TABLE message_index (key BIGINT PRIMARY KEY, scope BIGINT NOT NULL, tokens TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_message_index_tokens ON message_index USING gin (tokens)")
        op.execute("CREATE INDEX ix_message_index_scope ON message_index (scope)")


def downgrade() -> None:
    op.execute("DROP TABLE message_index")
