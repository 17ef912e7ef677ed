"""Tables that people paste or upload, and tables we hand out: decoding, rows with line numbers, safe CSV."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from .errors import Sentence
from .i18n import _
from .names import normalized

MAX_ROWS = 5_000  # the stress target of one installation: everyone at once
MAX_COLUMNS = 100  # exports of recruiting systems have some 60
MAX_BYTES = 2 * 1024 * 1024  # 5,000 rows of 400 bytes


class TableError(ValueError):
    """A table that cannot be taken; `sentence` says why and what now."""

    def __init__(self, sentence: Sentence | str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class CannotDecode(TableError):
    """Neither Unicode nor what Japanese Excel writes."""


class TableTooLarge(TableError):
    """More than MAX_ROWS rows, MAX_COLUMNS filled columns or MAX_BYTES bytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line in what was pasted, counted from 1, and its cells untouched."""

    line_number: int
    cells: tuple[str, ...]


# --- reading ---------------------------------------------------------------------------------------------


def decode_table(raw: bytes) -> str:
    """Return the text of an uploaded table: byte order mark, else strict UTF-8, else CP932 (Excel in Japan).

    Never guesses by frequency: a wrong guess would turn names into other names. Raises CannotDecode, or
    TableTooLarge above MAX_BYTES.
    """
    if len(raw) > MAX_BYTES:
        raise TableTooLarge(_too_many_bytes(len(raw)))
    for encoding in _encodings(raw):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _NOT_TEXT.search(text):
            return text.removeprefix("\ufeff")
    raise CannotDecode(
        _(
            "文字コードが分からないため、読み込めませんでした。"
            "Excelで「CSV UTF-8（コンマ区切り）」として保存するか、表をコピーして貼り付けてください"
        )
    )


def read_rows(text: str) -> list[Row]:
    """Return the rows of CSV, of cells copied from Excel (TSV), or of plain lines; empty rows are left out.

    The separator is the tab if the first line has one, else the comma; 「，」 only if nothing else can be
    meant. Quotes and line breaks in cells are understood; with a quote that never closes every line is a row.
    Raises TableTooLarge without reading on.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise TableTooLarge(_too_many_bytes(len(text.encode("utf-8", "replace"))))
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    separator = _separator(lines)
    try:
        return _at_most(_quoted_rows(lines, separator), lines)
    except csv.Error:
        return _at_most(_plain_rows(lines, separator), lines)


def split_header(rows: Sequence[Row], is_column: Callable[[str], bool]) -> tuple[Row | None, list[Row]]:
    """Separate the header from the rows: the first row, if it names a known column and holds no address."""
    first = rows[0].cells if rows else ()
    has_address = any("@" in normalized("NFKC", cell) for cell in first)
    if not has_address and any(is_column(cell) for cell in first):
        return rows[0], list(rows[1:])
    return None, list(rows)


def _encodings(raw: bytes) -> tuple[str, ...]:
    if raw.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8", "cp932")


# Controls are in no table, but in every xlsx or image; CP932 gives U+0080, U+00A0 and U+F8F0-F8F3 to bytes
# which no Japanese text holds (https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP932.TXT).
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x80\uf8f0-\uf8f3]")


def _separator(lines: Sequence[str]) -> str:
    filled = [line for line in lines if line.strip()]
    first = filled[0] if filled else ""
    if "\t" in first or ("," not in first and any("\t" in line for line in filled)):
        return "\t"
    counts = {line.count("，") for line in filled}
    is_wide = len(counts) == 1 and 0 not in counts and not any("," in line for line in filled)
    return "，" if is_wide else ","


def _quoted_rows(lines: Sequence[str], separator: str) -> Iterator[Row]:
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, strict=True)
    first_line = 1
    for cells in reader:
        yield Row(first_line, tuple(cells))
        first_line = reader.line_num + 1


def _plain_rows(lines: Sequence[str], separator: str) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        yield Row(number, tuple(cell.strip().strip('"') for cell in line.split(separator)))


def _at_most(rows: Iterable[Row], lines: Sequence[str]) -> list[Row]:
    taken: list[Row] = []
    for row in rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        if len(taken) == MAX_ROWS:
            raise TableTooLarge(_too_many_rows(sum(1 for line in lines if line.strip())))
        taken.append(_narrow(row))
    return taken


def _narrow(row: Row) -> Row:
    """Cut off the empty cells that Excel copies along with a whole row; refuse filled ones."""
    beyond = row.cells[MAX_COLUMNS:]
    if any(cell.strip() for cell in beyond):
        raise TableTooLarge(
            _(
                "%(limit)s列以内にしてください（いま%(count)s列です）",
                limit=f"{MAX_COLUMNS:,}",
                count=f"{len(row.cells):,}",
            )
        )
    return replace(row, cells=row.cells[:MAX_COLUMNS]) if beyond else row


def _too_many_rows(count: int) -> str:
    return _(
        "%(limit)s行以内にしてください（いま%(count)s行です）", limit=f"{MAX_ROWS:,}", count=f"{count:,}"
    )


def _too_many_bytes(count: int) -> str:
    return _("2MB以内にしてください（いま%(size)sMBです）", size=f"{count / 1024 / 1024:,.1f}")


# --- writing ---------------------------------------------------------------------------------------------

_UNSEEN_LEAD = regex.compile(r"[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Z}\u2800'\"]*")


def csv_safe(cell: str) -> str:
    """Return the cell such that no spreadsheet takes it for a formula: an apostrophe goes before it.

    Full-width ＝＋－＠ and signs behind spaces or invisible characters count too
    (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    rest = cell[_UNSEEN_LEAD.match(cell).end() :]
    starts_formula = rest and unicodedata.normalize("NFKC", rest[0])[:1] in {"=", "+", "-", "@", "−", "|"}
    return f"'{cell}" if starts_formula or cell[:1] in ("\t", "\r", "\n") else cell


def write_csv(rows: Iterable[Sequence[str | int | None]]) -> bytes:
    """Return a CSV that Excel opens with a double click: UTF-8 with a byte order mark, every cell quoted."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow([csv_safe(cell) if isinstance(cell, str) else cell for cell in row])
    return codecs.BOM_UTF8 + written.getvalue().encode("utf-8", "replace")
