"""Where exports lie: one file each in a folder of its own, readable by nobody but this program's account.

A name begins with its member's internal id, so that whatever belongs to somebody who leaves is found without a row.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

from app.core.clock import now
from app.core.ids import PublicId
from app.core.web import settings_now

# Longer than writing one takes: what no row speaks of by then belongs to nobody.
ABANDONED_AFTER = timedelta(hours=1)


def path_of(member_id: int, export_id: PublicId) -> Path:
    """Where this export lies, or would."""
    return _folder() / f"{member_id}-{export_id}.zip"


def write(member_id: int, export_id: PublicId, fill: Callable[[IO[bytes]], None]) -> None:
    """Put an export there, whole or not at all; `fill` writes it into an open file. Raises OSError for a full disk."""
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = _folder() / f"{member_id}-{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.utime(beside, (now().timestamp(), now().timestamp()))  # its age follows our own clock
        beside.replace(path_of(member_id, export_id))
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def take_down(member_id: int, *, besides: PublicId | None = None) -> None:
    """Delete what lies there of this member, finished or not, except the export `besides`."""
    for path in _folder().glob(f"{member_id}-*"):
        if besides is None or path != path_of(member_id, besides):
            path.unlink(missing_ok=True)


def sweep(kept: Collection[Path]) -> int:
    """Delete every file that is not among those to keep and not quite new; gives how many."""
    count = 0
    for path in _folder().glob("*"):
        with suppress(FileNotFoundError):
            if path not in kept and path.stat().st_mtime <= (now() - ABANDONED_AFTER).timestamp():
                path.unlink()
                count += 1
    return count


def _folder() -> Path:
    return settings_now().exports_folder
