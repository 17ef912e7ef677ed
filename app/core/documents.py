"""Documents people hand to each other: what they are by their content, and a name under which they can be saved.

Nothing here is ever shown in the page: a document is only downloaded. So it is enough to know that a file is what it
says and is none of the kinds that act when they are opened.
"""

from __future__ import annotations

import codecs
import io
import re
import struct
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from .errors import Sentence
from .i18n import _

MOST_BYTES = 10 * 1024 * 1024
LONGEST_NAME = 120  # characters; with Japanese in UTF-8 still under the 255 bytes a file system takes
MOST_BYTES_OF_A_DIRECTORY = 512 * 1024  # of a zip: a presentation of 10 MB has some 30 KB
MOST_BYTES_OF_A_PART = 256 * 1024  # of [Content_Types].xml, unpacked; measured at most 20 KB
CHUNK_BYTES = 256 * 1024


class FileRefused(ValueError):
    """A file that cannot be taken; `sentence` says why and what now."""

    def __init__(self, sentence: Sentence | str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


@dataclass(frozen=True)
class Kind:
    """What a document is: `name` in our words (also its extension), `media_type` for the one who downloads it."""

    name: str
    media_type: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = {
    kind.name: kind
    for kind in (
        Kind("pdf", "application/pdf"),
        Kind("docx", f"{_OFFICE}.wordprocessingml.document"),
        Kind("xlsx", f"{_OFFICE}.spreadsheetml.sheet"),
        Kind("pptx", f"{_OFFICE}.presentationml.presentation"),
        Kind("txt", "text/plain; charset=utf-8"),
        Kind("csv", "text/csv; charset=utf-8"),
    )
}
# Where the main part lies, and what [Content_Types].xml calls it (ECMA-376 part 1, 11.3.10, 12.3.23, 13.3.6).
_MAIN_PARTS = {
    "docx": ("word/document.xml", f"{KINDS['docx'].media_type}.main+xml"),
    "xlsx": ("xl/workbook.xml", f"{KINDS['xlsx'].media_type}.main+xml"),
    "pptx": ("ppt/presentation.xml", f"{KINDS['pptx'].media_type}.main+xml"),
}
_ACTING_PARTS = re.compile(r"vbaProject|vbaData|(^|/)macrosheets/", re.IGNORECASE)
_ACTING_TYPES = re.compile(rb"macroEnabled|ms-office\.vbaProject|ms-excel\.macrosheet", re.IGNORECASE)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_ZIP_END = b"PK\x05\x06"
_OLD_OFFICE = frozenset({"doc", "xls", "ppt"})
_MACROS = frozenset({"docm", "xlsm", "pptm", "dotm", "xltm", "potm", "ppsm", "xlsb", "xlam", "ppam"})
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


# ── what it is ───────────────────────────────────────────────────────────────────────────────────────────────


def sniff(data: bytes | IO[bytes], filename: str) -> Kind:
    """What a document is, by its content; its name has to agree. Raises FileRefused.

    `data` is the whole file, as bytes or open for reading and seeking; an open file is left at its beginning.
    """
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    try:
        _check_size(file)
        kind = _kind_of(file, extension_of(filename))
    finally:
        file.seek(0)
    if kind is None:
        raise FileRefused(_not_taken())
    return kind


def extension_of(filename: str) -> str:
    """What follows the last dot of a name, in small letters; '' where there is none."""
    _stem, dot, extension = filename.strip().rpartition(".")
    return unicodedata.normalize("NFKC", extension).lower() if dot else ""


def _check_size(file: IO[bytes]) -> None:
    size = file.seek(0, io.SEEK_END)
    if size > MOST_BYTES:
        raise FileRefused(
            _(
                "ファイルは10 MBまでです（いま%(size)s MBです）。分けるか、小さくしてからお試しください。",
                size=f"{size / 1024 / 1024:.1f}",
            )
        )
    if size == 0:
        raise FileRefused(_("ファイルの中身が空でした。元のファイルをご確認ください。"))
    file.seek(0)


def _kind_of(file: IO[bytes], extension: str) -> Kind | None:
    head = file.read(8)
    if extension in _MACROS:
        raise FileRefused(_with_macros())
    if extension in _OLD_OFFICE or head == _OLE:
        raise FileRefused(
            _(
                "古い形式（doc・xls・ppt）やパスワード付きのファイルは受け付けていません。"
                "docx・xlsx・pptx・PDFのいずれかで保存し直してください。"
            )
        )
    if extension == "pdf" and head.startswith(b"%PDF-"):
        return _pdf(file)
    if extension in _MAIN_PARTS and head.startswith(_ZIP):
        return _office(file, extension)
    if extension in {"txt", "csv"}:
        return _text(file, extension)
    return None


def _pdf(file: IO[bytes]) -> Kind | None:
    """A PDF from its first byte to its last: nothing before it, not cut off, and no archive at its end."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 2048))
    if b"%%EOF" not in file.read():
        raise FileRefused(_("ファイルが途中で切れているようです。元のファイルをもう一度お選びください。"))
    return None if zipfile.is_zipfile(file) else KINDS["pdf"]


def _office(file: IO[bytes], extension: str) -> Kind | None:
    try:
        names, types = _parts_of(file)
    except (
        zipfile.BadZipFile,
        KeyError,
        OSError,
        RuntimeError,
        ValueError,
        struct.error,
    ):
        raise FileRefused(
            _("ファイルが壊れているか、途中で切れているようです。元のファイルをもう一度お選びください。")
        ) from None
    if any(_ACTING_PARTS.search(name) for name in names) or _ACTING_TYPES.search(types):
        raise FileRefused(_with_macros())
    part, media_type = _MAIN_PARTS[extension]
    return KINDS[extension] if part in names and media_type.encode() in types else None


def _parts_of(file: IO[bytes]) -> tuple[set[str], bytes]:
    """The names inside a zip and its list of types, with bounded work. Raises ValueError for one beyond bounds."""
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        with archive.open("[Content_Types].xml") as part:
            types = part.read(MOST_BYTES_OF_A_PART + 1)
        if len(types) > MOST_BYTES_OF_A_PART:
            raise ValueError("a list of types that never ends")
        return set(archive.namelist()), types


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a directory that would fill the memory before anybody has read a name (APPNOTE 4.3.16)."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - 65_557)  # the record and the longest comment behind it
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_ZIP_END)
    if at < 0:
        raise ValueError("no end of a directory")
    length, offset = struct.unpack_from("<LL", tail, at + 12)
    # A gap between directory and record is where another file could hide.
    if length > MOST_BYTES_OF_A_DIRECTORY or offset + length != start + at:
        raise ValueError("not a plain zip")


def _text(file: IO[bytes], extension: str) -> Kind | None:
    """Text that a Japanese or English computer writes: UTF-8, UTF-16 with its mark, or CP932; no control characters."""
    file.seek(0)
    is_utf16 = file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    encodings = ("utf-16",) if is_utf16 else ("utf-8", "cp932")
    return KINDS[extension] if any(_reads_as(file, encoding) for encoding in encodings) else None


def _reads_as(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(file):
            if _NOT_TEXT.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _not_taken() -> str:
    return _(
        "このファイルは受け付けていません。PDF・Word（docx）・Excel（xlsx）・PowerPoint（pptx）・テキスト（txt・csv）の"
        "ファイルを、拡張子を変えずにお選びください。"
    )


def _with_macros() -> str:
    return _(
        "マクロを含むファイルは受け付けていません。マクロのない形式（docx・xlsx・pptx）かPDFで保存し直してください。"
    )


# ── what it is called ────────────────────────────────────────────────────────────────────────────────────────

# No file system takes these, or a shell reads them as something else; a person sees a low line instead.
_UNFIT = re.compile(r'[<>:"|?*\\/]')
_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])(\..*)?", re.IGNORECASE)
# Controls, direction marks and other invisible signs, lone surrogates, private and unassigned characters.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNQUOTED = "!#$&+-.^_`|~"  # attr-char of RFC 5987
NAMELESS = "file"


def safe_filename(name: str) -> str:
    """The last part of a name, without what turns it around, hides its end, or leads out of a folder.

    「請求書\\u202efdp.exe」 becomes 「請求書fdp.exe」: what it is stands at its end again. At most LONGEST_NAME characters,
    the extension kept. Never empty.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in _UNSEEN)
    plain = " ".join(_UNFIT.sub("_", seen).split()).strip(" .")
    if not plain:
        return NAMELESS
    if _DEVICES.fullmatch(plain):  # a device on Windows, whatever follows the dot
        plain = f"_{plain}"
    return _shortened(plain)


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if len(name) <= LONGEST_NAME:
        return name
    if not dot or len(extension) > 10:
        return name[:LONGEST_NAME].strip(" .")
    return f"{stem[: LONGEST_NAME - len(extension) - 1].strip(' .')}.{extension}"


def attachment(name: str) -> str:
    """The value of Content-Disposition that makes a browser save a file under this name, made safe first.

    RFC 6266: an ASCII name for old programs, and the whole name as UTF-8 (RFC 5987) for every other.
    """
    whole = safe_filename(name)
    stem, dot, extension = whole.rpartition(".") if "." in whole else (whole, "", "")
    ascii_stem = re.sub(r"[^A-Za-z0-9._ -]", "", _ascii(stem)).strip(" .") or NAMELESS
    ascii_end = re.sub(r"[^A-Za-z0-9]", "", _ascii(extension))
    fallback = f"{ascii_stem}{dot}{ascii_end}" if ascii_end else ascii_stem
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(whole, safe=_UNQUOTED)}"


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
