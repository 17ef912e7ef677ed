"""The repository belongs to nobody's machine."""

from __future__ import annotations

import re

from tests.guards.sources import name_of, tracked_files

BINARY = {".png", ".ico", ".woff2", ".webp", ".mo", ".db", ".gz"}
LONGEST_BYTES = 2_000_000
# Folders of a person or of a build machine; `/tmp/x`, `/usr/bin/…`, `/dev/shm` are the same everywhere.
MACHINE = re.compile(
    r"/home/(?!user\b|you\b)[a-z][\w-]+/|/Users/[A-Za-z]|/root/|/work/|[A-Z]:\\Users\\|/mnt/[a-z]|/workspace/|"
    r"/var/folders/|/tmp/venv"
)
HOST = re.compile(
    r"https?://(?:[\w-]+\.)+(?:internal|local|lan|corp|intra)\b|"
    r"https?://(?:10\.\d|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)|"
    r"--(?:extra-)?index-url|^\s*index-url",
    re.MULTILINE,
)
SECRET = re.compile(
    r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b|xox[bap]-\d{6,}"
)


def _texts() -> list[tuple[str, str]]:
    return [
        (name_of(path), path.read_text("utf-8", "replace"))
        for path in tracked_files()
        if path.suffix not in BINARY
        and path.stat().st_size < LONGEST_BYTES
        and path.name != "test_repository.py"
    ]


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [f"{name}: {match[0]!r}" for name, text in _texts() for match in pattern.finditer(text)]


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = _found(MACHINE)
    assert not found, f"write a path relative to the repository, or a setting: {found}"


def test_no_file_names_a_private_host_or_a_registry() -> None:
    found = _found(HOST)
    assert not found, f"leave the registry to pip's own configuration, and use example.jp for hosts: {found}"


def test_no_file_holds_a_secret() -> None:
    found = _found(SECRET)
    assert not found, f"take it out and revoke it: {found}"


def test_what_the_machine_makes_is_not_tracked() -> None:
    made = re.compile(
        r"(^|/)(\.venv|var|__pycache__|node_modules|\.pytest_cache|\.mypy_cache|\.hypothesis)/|\.pyc$"
    )
    found = [name_of(path) for path in tracked_files() if made.search(name_of(path))]
    assert not found, f"name it in .gitignore: {found}"


def test_mail_addresses_are_examples() -> None:
    address = re.compile(r"\b[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})\b")
    allowed = re.compile(
        r"(^|\.)(example|invalid|test|localhost)(\.(jp|com|org|net|co\.jp|ac\.jp))?$|^(xn--[\w-]+|日本語|[a-z])\.jp$",
        re.IGNORECASE,
    )
    found = {
        f"{name}: {match[0]}"
        for name, text in _texts()
        if not name.startswith(("static/vendor/", "requirements", "LICENSE"))
        for match in address.finditer(text)
        if not allowed.search(match[1]) and not match[0].startswith(("noreply", "git@"))
    }
    assert not found, f"use an address at example.jp: {sorted(found)[:20]}"
