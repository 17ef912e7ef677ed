"""How an entry of the ledger is sealed: pure functions, so that anybody can check the chain by the same words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

# What an entry says. Each of these is under its seal; changing one breaks it.
WORDS = (
    "day",
    "subject_id",
    "viewer_id",
    "viewer_name",
    "viewer_role",
    "action",
    "purpose",
    "approver_name",
)
# The link before the first entry.
BEGINNING = ""


def content_of(salt: str, words: Mapping[str, Any]) -> str:
    """sha256 (hex) over the salt and the words as JSON: keys in order, no spaces, the day as YYYY-MM-DD."""
    said = {name: words[name] for name in WORDS}
    said["day"] = words["day"].isoformat()
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(f"{salt}{text}".encode()).hexdigest()


def link_of(before: str, content: str) -> str:
    """sha256 (hex) over the link of the entry before and the content of this one."""
    return sha256(f"{before}{content}".encode()).hexdigest()
