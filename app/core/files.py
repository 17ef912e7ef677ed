"""Stored files behind one small interface: named by their content, never by a person or by what they were called.

The same bytes are stored once, whoever brings them; who may have them is decided by the rows that name their key.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from flask import Flask, current_app

from .clock import now
from .config import Settings

CHUNK_BYTES = 256 * 1024
_KEY = re.compile(r"[0-9a-f]{64}")
_PART = ".part"
# An hour is longer than any write: what is still called a part by then was cut off by a power failure.
ABANDONED_AFTER = timedelta(hours=1)


class NoSuchFile(LookupError):
    """No file is stored under this key."""


class Storage(Protocol):
    """Where stored files lie. A key is the sha256 of the content in hexadecimal; OSError means try again later."""

    def put(self, content: bytes | Path | IO[bytes]) -> str:
        """Store bytes, a file by its path, or an open file from where it stands; gives the key. Repeats do no harm."""

    def open(self, key: str) -> BinaryIO:
        """The file for reading; the caller closes it. Raises NoSuchFile."""

    def read(self, key: str) -> bytes:
        """The whole content. Raises NoSuchFile."""

    def size(self, key: str) -> int:
        """The length in bytes. Raises NoSuchFile."""

    def exists(self, key: str) -> bool:
        """Whether a file is stored under this key."""

    def delete(self, key: str, *, older_than: timedelta = timedelta(0)) -> None:
        """Forget the file, unless somebody has put it again within this time; harmless when there is none."""

    def keys(self, *, older_than: timedelta = timedelta(0)) -> Iterator[str]:
        """The keys of all files which nobody has put for at least this long, in no order."""


def install_files(app: Flask, settings: Settings) -> None:
    """Keep the files of this installation in its data folder."""
    app.extensions["tsubomi.files"] = LocalFiles(settings.files_folder)


def storage() -> Storage:
    """Where the running app keeps its files."""
    kept: Storage = current_app.extensions["tsubomi.files"]
    return kept


@dataclass(frozen=True)
class LocalFiles:
    """Files in one folder of this machine, spread over `ab/cd/` so that no folder grows long; owner's eyes only."""

    folder: Path

    def put(self, content: bytes | Path | IO[bytes]) -> str:
        """Store whole or not at all: written beside, synced to the disk, then renamed."""
        _make_private(self.folder)
        beside = self.folder / f"{secrets.token_hex(16)}{_PART}"
        try:
            key = _write_durably(beside, content)
            path = self._path(key)
            _make_private(path.parent.parent)
            _make_private(path.parent)
            # A file that was there already is replaced by itself and is young again: an orphan collection that
            # passes `older_than` will not take it from under its new row. Its age follows our own clock.
            os.utime(beside, (now().timestamp(), now().timestamp()))
            beside.replace(path)
            _sync_folder(path.parent)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        return key

    def open(self, key: str) -> BinaryIO:
        """The file for reading. Raises NoSuchFile."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise NoSuchFile(key) from None

    def read(self, key: str) -> bytes:
        """The whole content. Raises NoSuchFile."""
        with self.open(key) as file:
            return file.read()

    def size(self, key: str) -> int:
        """The length in bytes. Raises NoSuchFile."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            raise NoSuchFile(key) from None

    def exists(self, key: str) -> bool:
        """Whether a file is stored under this key."""
        return _KEY.fullmatch(key) is not None and self._path(key).is_file()

    def delete(self, key: str, *, older_than: timedelta = timedelta(0)) -> None:
        """Forget the file, unless somebody has put it again within this time; harmless when there is none."""
        path = self._path(key)
        if _is_older(path, older_than):
            path.unlink(missing_ok=True)

    def keys(self, *, older_than: timedelta = timedelta(0)) -> Iterator[str]:
        """The keys of all files which nobody has put for at least this long; parts of cut-off writes are removed."""
        for path in self.folder.glob("??/??/*"):
            if _KEY.fullmatch(path.name) and _is_older(path, older_than):
                yield path.name
        for part in self.folder.glob(f"*{_PART}"):
            if _is_older(part, ABANDONED_AFTER):
                part.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NoSuchFile(key)  # nothing but a key ever becomes a part of a path
        return self.folder / key[:2] / key[2:4] / key


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_durably(path: Path, content: bytes | Path | IO[bytes]) -> str:
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for chunk in _chunks(content):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _chunks(content: bytes | Path | IO[bytes]) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, Path):
        with content.open("rb") as file:
            yield from _chunks(file)
    else:
        while chunk := content.read(CHUNK_BYTES):
            yield chunk


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_older(path: Path, age: timedelta) -> bool:
    try:
        return path.stat().st_mtime <= (now() - age).timestamp()
    except FileNotFoundError:
        return False
