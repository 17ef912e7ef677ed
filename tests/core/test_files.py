"""Stored files: the same bytes once, whole or not at all, and named by nothing but their content."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.core.files import LocalFiles, NoSuchFile, storage
from tests.conftest import NOON

CONTENT = "はるかの写真".encode() * 100_000


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "files")


def _everything(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_bytes_a_path_and_an_open_file_are_stored_under_the_hash_of_their_content(
    files: LocalFiles, tmp_path: Path
) -> None:
    named = tmp_path / "水野遥の履歴書.pdf"
    named.write_bytes(CONTENT)
    keys = {files.put(CONTENT), files.put(named), files.put(io.BytesIO(CONTENT))}
    assert keys == {hashlib.sha256(CONTENT).hexdigest()}
    [key] = keys
    assert _everything(files.folder) == [files.folder / key[:2] / key[2:4] / key]
    assert files.read(key) == CONTENT
    assert files.size(key) == len(CONTENT)
    with files.open(key) as opened:
        assert opened.read(4) == CONTENT[:4]


def test_only_its_owner_may_read_a_stored_file(files: LocalFiles) -> None:
    files.put(CONTENT)
    assert all(path.stat().st_mode & 0o077 == 0 for path in [files.folder, *files.folder.rglob("*")])
    assert [path.stat().st_mode & 0o777 for path in _everything(files.folder)] == [0o600]


def test_what_is_deleted_is_missing_and_deleting_twice_is_harmless(files: LocalFiles) -> None:
    key = files.put(CONTENT)
    assert files.exists(key)
    files.delete(key)
    files.delete(key)
    assert not files.exists(key)
    for ask in (files.read, files.open, files.size):
        with pytest.raises(NoSuchFile):
            ask(key)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "a" * 63, "A" * 64, "", "/etc/passwd", f"{'a' * 64}\n", "é" * 64]
)
def test_only_a_key_ever_becomes_a_path(files: LocalFiles, key: str) -> None:
    assert not files.exists(key)
    with pytest.raises(NoSuchFile):
        files.open(key)
    with pytest.raises(NoSuchFile):
        files.delete(key)


def test_a_write_that_fails_in_the_middle_leaves_nothing_behind(files: LocalFiles) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError(28, "No space left on device")
            return super().read(size)

    with pytest.raises(OSError, match="No space"):
        files.put(Breaking(CONTENT))
    assert _everything(files.folder) == []


def test_a_collection_sees_old_files_and_spares_young_ones_and_those_put_again(
    files: LocalFiles, held_clock: Any
) -> None:
    with held_clock(NOON):
        old, again = files.put(b"old"), files.put(b"again")
    with held_clock(NOON + timedelta(hours=3)):
        young = files.put(b"young")
        hours = timedelta(hours=2)
        assert set(files.keys(older_than=hours)) == {old, again}
        assert set(files.keys()) == {old, again, young}
        files.put(b"again")
        for key in (old, again):
            files.delete(key, older_than=hours)
        assert not files.exists(old)
        assert files.exists(again)


def test_what_a_power_failure_left_half_written_is_no_file_and_is_cleared_after_an_hour(
    files: LocalFiles, held_clock: Any
) -> None:
    key = files.put(CONTENT)
    part = files.folder / f"{'0' * 32}.part"
    part.write_bytes(b"half")
    assert list(files.keys()) == [key]
    assert part.exists(), "a write may still be going on"
    with held_clock(NOON + timedelta(days=36_500)):
        list(files.keys())
    assert not part.exists()


def test_the_app_keeps_its_files_in_its_data_folder(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        key = storage().put(b"hello")
        assert storage().read(key) == b"hello"
        storage().delete(key)
    assert (sqlite_app.extensions["tsubomi.settings"].data / "files").is_dir()
