"""Documents: what they are by their content, and names that cannot lie, lead out of a folder, or add a header."""

from __future__ import annotations

import io
import struct
import zipfile
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from app.core.documents import KINDS, MOST_BYTES, FileRefused, attachment, safe_filename, sniff

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + b"x" * 5000 + b"\ntrailer\n<<>>\n%%EOF\n"
MAINS = {
    "docx": (
        "word/document.xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    ),
    "xlsx": ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
    "pptx": (
        "ppt/presentation.xml",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    ),
}


def _archive(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _office(kind: str, media_type: str | None = None, **more: str | bytes) -> bytes:
    part, wanted = MAINS[kind]
    types = f'<Types><Override PartName="/{part}" ContentType="{media_type or wanted}"/></Types>'
    return _archive({"[Content_Types].xml": types, "_rels/.rels": "<a/>", part: "<a/>", **more})


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PDF, "案内.pdf", "pdf"),
        (PDF, "案内.PDF", "pdf"),
        (_office("docx"), "案内.docx", "docx"),
        (_office("xlsx"), "名簿.xlsx", "xlsx"),
        (_office("pptx"), "説明.pptx", "pptx"),
        ("持ち物\n・筆記用具\n".encode(), "持ち物.txt", "txt"),
        ("\ufeff氏名,班\r\n".encode(), "班.csv", "csv"),
        ("氏名,班\r\n髙﨑,若葉\r\n".encode("cp932"), "班.csv", "csv"),
        ("氏名\t班\n".encode("utf-16"), "班.txt", "txt"),
    ],
)
def test_documents_are_known_by_their_content(data: bytes, name: str, kind: str) -> None:
    assert sniff(data, name) == KINDS[kind]
    opened = io.BytesIO(data)
    assert sniff(opened, name) == KINDS[kind]
    assert opened.tell() == 0


REFUSED = {
    "a program called a document": (b"MZ\x90\x00" + b"\0" * 400, "案内.pdf"),
    "a program called a text": (b"MZ\x90\x00" + b"\0" * 400, "案内.txt"),
    "a program": (b"\x7fELF" + b"\0" * 400, "setup.exe"),
    "a document called a program": (PDF, "案内.exe"),
    "a document without an ending": (PDF, "案内"),
    "a document called another": (_office("docx"), "案内.xlsx"),
    "a PDF behind a picture": (b"GIF89a" + PDF, "案内.pdf"),
    "a PDF behind a page": (b"<script>alert(1)</script>" + PDF, "案内.pdf"),
    "a PDF that is an archive too": (PDF + _archive({"a.exe": "MZ"}) + b"%%EOF", "案内.pdf"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "絵.svg"),
    "a page": (b"<!doctype html>", "案内.html"),
    "a script": (b"alert(1)", "a.js"),
    "an archive": (_archive({"a.txt": "a"}), "資料.zip"),
    "an archive called a document": (_archive({"a.txt": "a"}), "資料.docx"),
    "text of no language": (b"\x80\x81\xfe\xff" * 20, "メモ.txt"),
    "a double ending": (b"MZ\0\0", "案内.pdf.exe"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused(name: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        sniff(*REFUSED[name])
    assert str(refusal.value).endswith("。")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (_office("docx", **{"word/vbaProject.bin": b"x"}), "案内.docx"),
        (_office("xlsx", **{"xl/macrosheets/sheet1.xml": b"x"}), "名簿.xlsx"),
        (_office("docx", "application/vnd.ms-word.document.macroEnabled.main+xml"), "案内.docx"),
        (_office("docx"), "案内.docm"),
        (_office("xlsx"), "名簿.XLSM"),
        (_office("pptx"), "説明.ppsm"),
        (b"anything", "名簿.xlsb"),
    ],
)
def test_macros_are_refused_with_what_to_do_instead(data: bytes, name: str) -> None:
    with pytest.raises(FileRefused, match="マクロ"):
        sniff(data, name)


@pytest.mark.parametrize("name", ["案内.doc", "名簿.xls", "説明.ppt", "案内.docx"])
def test_old_and_locked_documents_are_refused_with_what_to_do_instead(name: str) -> None:
    with pytest.raises(FileRefused, match="保存し直して"):
        sniff(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, name)


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_a_document_that_was_cut_off_says_so(kind: str) -> None:
    whole = PDF if kind == "pdf" else _office("docx", **{"word/a.bin": bytes(range(256)) * 40})
    with pytest.raises(FileRefused, match="途中で切れて"):
        sniff(whole[: len(whole) * 9 // 10], f"案内.{kind}")


def test_an_endless_list_of_types_is_not_unpacked() -> None:
    part, media_type = MAINS["docx"]
    with pytest.raises(FileRefused, match="壊れて"):
        sniff(
            _archive({"[Content_Types].xml": media_type.encode() + b" " * 50_000_000, part: "<a/>"}),
            "案内.docx",
        )


def test_an_endless_directory_is_not_read() -> None:
    many = _archive(
        {f"word/{number:06}.xml": b"" for number in range(12_000)} | {"[Content_Types].xml": "<a/>"}
    )
    with pytest.raises(FileRefused, match="壊れて"):
        sniff(many, "案内.docx")


def test_a_directory_that_lies_about_itself_is_refused() -> None:
    whole = bytearray(_office("docx"))
    end = whole.rindex(b"PK\x05\x06")
    struct.pack_into("<L", whole, end + 12, 1)
    for changed in (bytes(whole), b"PK\x03\x04" + _office("docx")):
        with pytest.raises(FileRefused):
            sniff(changed, "案内.docx")


def test_limits_are_said_with_the_size_there_is() -> None:
    with pytest.raises(FileRefused, match=r"10 MBまでです（いま10\.1 MBです）"):
        sniff(b"a" * (MOST_BYTES + 100_000), "メモ.txt")
    with pytest.raises(FileRefused, match="空でした"):
        sniff(b"", "メモ.txt")


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("入社のしおり.pdf", "入社のしおり.pdf"),
        ("請求書\u202efdp.exe", "請求書fdp.exe"),
        ("a\u2066b\u200bc\ufeff.pdf", "abc.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\遥\\案内.pdf", "案内.pdf"),
        ("a/b\\c.pdf", "c.pdf"),
        ("案内\r\nSet-Cookie: a=b.pdf", "案内Set-Cookie_ a=b.pdf"),
        ('"; filename="x.exe', "_; filename=_x.exe"),
        ("  .htaccess", "htaccess"),
        ("案内.pdf. . .", "案内.pdf"),
        ("con.txt", "_con.txt"),
        ("NUL", "_NUL"),
        ("か\u3099.pdf", "が.pdf"),
        ("", "file"),
        ("...", "file"),
        ("\u202e\u0000", "file"),
        ("/", "file"),
    ],
)
def test_names_say_what_they_are(given_name: str, name: str) -> None:
    assert safe_filename(given_name) == name


def test_an_endless_name_is_cut_before_its_ending() -> None:
    name = safe_filename("あ" * 500 + ".pdf")
    assert len(name) == 120
    assert name.endswith("あ.pdf")
    assert len(safe_filename("あ" * 500)) == 120


def test_a_browser_is_told_the_whole_name_and_an_old_one_a_plain_one() -> None:
    header = attachment("入社のしおり 2027.pdf")
    assert header.startswith("attachment; filename=\"2027.pdf\"; filename*=UTF-8''")
    assert parse_options_header(header) == ("attachment", {"filename": "入社のしおり 2027.pdf"})
    assert 'filename="file.pdf"' in attachment("しおり.pdf")
    assert 'filename="Cafe.pdf"' in attachment("Café.pdf")


@given(st.text(max_size=300))
def test_no_name_breaks_the_header_or_leaves_its_folder(name: str) -> None:
    safe = safe_filename(name)
    assert safe
    assert len(safe.encode()) <= 490
    assert not set(safe) & set('/\\\r\n\0"<>|:*?\u202e')
    assert safe_filename(safe) == safe
    header = attachment(name)
    assert header.isascii()
    assert "\n" not in header
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    assert unquote(header.rpartition("''")[2]) == safe
