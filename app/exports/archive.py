"""Writing the export down: `tsubomi.json` for machines, `index.html` with its stylesheet for people, `files/` beside them.

Each record goes straight into the archive on the disk, so nothing but one batch is ever in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from shutil import copyfileobj
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from app.accounts.queries import community_name
from app.core.clock import now
from app.core.files import CHUNK_BYTES, NoSuchFile, storage
from app.core.i18n import company_zone, day, join_names, language_now, moment, t
from app.core.operation import end_reading
from app.policy import Viewer

from .gathering import SECTIONS, Record, Said, Section, own_files

FORMAT, VERSION = "tsubomi-export", 1

STYLE = """\
:root { color-scheme: light dark; }
body { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; line-height: 1.8; font-family: system-ui, sans-serif; }
h1 { font-size: 1.5rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid; font-size: 1.15rem; }
dl { margin: 1rem 0; padding: 0.75rem 1rem; border: 1px solid #8888; border-radius: 0.75rem; }
dl div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; }
dt { opacity: 0.75; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
nav ul { padding-left: 1.25rem; }
@media (max-width: 34rem) { dl div { display: block; } }
"""


def write_archive(viewer: Viewer, file: IO[bytes]) -> None:
    """Write the whole export of this viewer as a ZIP into an open file. Raises OSError where the disk refuses."""
    head = _Head(now(), community_name())
    end_reading()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        _add_text(archive, head, "tsubomi.json", _json(viewer, head))
        _add_text(archive, head, "index.html", _html(viewer, head))
        _add_text(archive, head, "style.css", iter([STYLE]))
        for own in own_files(viewer):
            _add_file(archive, head, own.path, own.key)


@dataclass(frozen=True)
class _Head:
    """When it was made, and in which community."""

    made_at: datetime
    community: str


def _entry(name: str, head: _Head, *, packing: int) -> ZipInfo:
    # The calendar of a ZIP begins in 1980 and knows no zones; what is inside carries its own times.
    made_at = head.made_at.astimezone(company_zone())
    entry = ZipInfo(name, made_at.timetuple()[:6])
    entry.compress_type, entry.external_attr = packing, 0o600 << 16
    return entry


def _add_text(archive: ZipFile, head: _Head, name: str, pieces: Iterator[str]) -> None:
    with archive.open(_entry(name, head, packing=ZIP_DEFLATED), "w", force_zip64=True) as target:
        for piece in pieces:
            target.write(piece.encode())


def _add_file(archive: ZipFile, head: _Head, name: str, key: str) -> None:
    """A stored file as it is: pictures are compressed already. One taken away meanwhile is left out."""
    try:
        stored = storage().open(key)
    except NoSuchFile:
        return
    entry = _entry(name, head, packing=ZIP_STORED)
    with stored, archive.open(entry, "w", force_zip64=True) as target:
        copyfileobj(stored, target, CHUNK_BYTES)


# ── for machines ─────────────────────────────────────────────────────────────────────────────────────────────


def _json(viewer: Viewer, head: _Head) -> Iterator[str]:
    """One object: a head, then each section as a list under its key."""
    made = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": _iso(head.made_at),
        "community": head.community,
    }
    yield json.dumps(made, ensure_ascii=False)[:-1]
    for section in SECTIONS:
        yield f',\n"{section.key}": ['
        between = "\n"
        for record in section.records(viewer):
            yield between + json.dumps(record, ensure_ascii=False, default=_plain)
            between = ",\n"
        end_reading()
        yield "\n]"
    yield "\n}\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Said):
        return value.code
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in an export")


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds")


# ── for people ───────────────────────────────────────────────────────────────────────────────────────────────


def _html(viewer: Viewer, head: _Head) -> Iterator[str]:
    """One page without scripts; every value is escaped."""
    title = escape(t("%(name)s：データの書き出し", name=head.community))
    made = t("%(when)sに用意しました。あなた自身のデータだけが入っています。", when=moment(head.made_at))
    yield (
        f'<!doctype html>\n<html lang="{language_now()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<link rel="stylesheet" href="style.css">\n</head>\n<body>\n<h1>{title}</h1>\n'
        f"<p>{escape(made)}</p>\n<nav><ul>\n"
    )
    for section in SECTIONS:
        yield f'<li><a href="#{section.key}">{escape(str(section.title))}</a></li>\n'
    yield "</ul></nav>\n"
    for section in SECTIONS:
        yield from _html_section(viewer, section)
        end_reading()
    yield "</body>\n</html>\n"


def _html_section(viewer: Viewer, section: Section) -> Iterator[str]:
    yield f'<section id="{section.key}">\n<h2>{escape(str(section.title))}</h2>\n'
    if section.note:
        yield f"<p>{escape(str(section.note))}</p>\n"
    is_empty = True
    for record in section.records(viewer):
        is_empty = False
        yield _html_record(section, record)
    if is_empty:
        nothing = t("ありません")
        yield f"<p>{escape(nothing)}</p>\n"
    yield "</section>\n"


def _html_record(section: Section, record: Record) -> str:
    rows = "".join(
        f"<div><dt>{escape(str(section.labels[key]))}</dt><dd>{_shown(key, value)}</dd></div>"
        for key, value in record.items()
        if value is not None and value not in ("", [])
    )
    return f"<dl>{rows}</dl>\n"


def _shown(key: str, value: Any) -> str:
    words = escape(_words(value))
    return f'<a href="{words}">{words}</a>' if key == "path" else words


def _words(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, Said):
        return str(value.words)
    if isinstance(value, bool):
        return t("はい") if value else t("いいえ")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, list):
        return join_names(value)
    return str(value)
