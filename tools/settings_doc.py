"""Writes the table of docs/settings.md from app/core/config.py, so that the document cannot lie.

python tools/settings_doc.py          rewrite the table
"""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "settings.md"
BEGIN, END = "<!-- table: tools/settings_doc.py -->", "<!-- end of table -->"


def table() -> str:
    """The Markdown table of every setting: variable, default, what it says."""
    from app.core.config import Settings, variable_of

    rows = [
        f"| `{variable_of(setting)}` | {_shown(setting.default)} | {setting.metadata['says']} |"
        for setting in fields(Settings)
    ]
    return "\n".join(["| variable | default | what it does |", "|---|---|---|", *rows])


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "`1`" if default else "`0`"
    return f"`{default}`" if str(default) else "empty"


def with_table(document: str) -> str:
    """The document with its table replaced by one of today. Raises ValueError where its marks are missing."""
    before, begin, rest = document.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT.name} needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    DOCUMENT.write_text(with_table(DOCUMENT.read_text("utf-8")), "utf-8")
