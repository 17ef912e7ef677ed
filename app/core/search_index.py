"""A full-text index beside a table: FTS5 on SQLite, tsvector on PostgreSQL, asked in the same statement as the policy.

The index holds tokens only (`core/search_text.py`) and never decides about order or rank: statistics over everything
there is would tell of what one may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, column, false, select, text

from .db import is_on_sqlite, session
from .search_text import Phrase, phrases, tokens


@dataclass(frozen=True)
class SearchIndex:
    """The index called `table`: an entry a row, by its key, within one `scope` (a room, for example)."""

    table: str

    def put(self, key: int, scope: int, body: str) -> None:
        """Enter a text; within an operation. Where the key is there already, nothing changes."""
        words = tokens(body)
        if not words:
            return
        if is_on_sqlite():
            self._run(
                "INSERT INTO {table} (rowid, scope, tokens) SELECT :key, :scope, :tokens"
                " WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE rowid = :key)",
                key,
                scope,
                words,
            )
        else:
            self._run(
                "INSERT INTO {table} (key, scope, tokens) VALUES (:key, :scope, CAST(:tokens AS tsvector))"
                " ON CONFLICT (key) DO NOTHING",
                key,
                scope,
                words,
            )

    def drop(self, key: int, scope: int, body: str) -> None:
        """Take a text out, if it is there; `body` is what was entered, which FTS5 needs to find its tokens again."""
        words = tokens(body)
        if not words:
            return
        if is_on_sqlite():
            self._run(
                "INSERT INTO {table} ({table}, rowid, scope, tokens) SELECT 'delete', :key, :scope, :tokens"
                " WHERE EXISTS (SELECT 1 FROM {table} WHERE rowid = :key)",
                key,
                scope,
                words,
            )
        else:
            session.execute(text(f"DELETE FROM {self.table} WHERE key = :key"), {"key": key})  # noqa: S608

    def clear(self) -> None:
        """Take everything out, before it is entered again."""
        if is_on_sqlite():
            session.execute(text(f"INSERT INTO {self.table} ({self.table}) VALUES ('delete-all')"))  # noqa: S608
        else:
            session.execute(text(f"DELETE FROM {self.table}"))  # noqa: S608

    def holds(self, key: Any, scope: int, query: str) -> ColumnElement[bool]:
        """A clause: the entry of this key, within `scope`, has every phrase of the query. Never true for an empty one."""
        wanted = phrases(query)
        if not wanted:
            return false()
        if is_on_sqlite():
            found = text(f"SELECT rowid AS key FROM {self.table} WHERE {self.table} MATCH :search_query")  # noqa: S608
            found = found.bindparams(search_query=_fts5(scope, wanted))
        else:
            found = text(
                f"SELECT key FROM {self.table} WHERE scope = :search_scope"  # noqa: S608
                " AND tokens @@ CAST(:search_query AS tsquery)"
            ).bindparams(search_scope=scope, search_query=_tsquery(wanted))
        among = found.columns(column("key")).subquery()
        clause: ColumnElement[bool] = key.in_(select(among.c.key))
        return clause

    def _run(self, statement: str, key: int, scope: int, words: list[str]) -> None:
        joined = " ".join(words) if is_on_sqlite() else _tsvector(words)
        where = _scope_word(scope) if is_on_sqlite() else scope
        session.execute(
            text(statement.format(table=self.table)), {"key": key, "scope": where, "tokens": joined}
        )


def _scope_word(scope: int) -> str:
    return f"scope{scope}"


def _tsvector(words: list[str]) -> str:
    """Tokens are letters and figures only, so nothing in the literal can end it."""
    return " ".join(f"'{word}':{place}" for place, word in enumerate(words, 1))


def _fts5(scope: int, wanted: list[Phrase]) -> str:
    said = " AND ".join(f'"{" ".join(each.tokens)}"{" *" if each.is_prefix else ""}' for each in wanted)
    return f"scope : {_scope_word(scope)} AND tokens : ({said})"


def _tsquery(wanted: list[Phrase]) -> str:
    return " & ".join(f"({_ts_phrase(each)})" for each in wanted)


def _ts_phrase(phrase: Phrase) -> str:
    quoted = [f"'{token}'" for token in phrase.tokens]
    return " <-> ".join(quoted) + (":*" if phrase.is_prefix else "")
