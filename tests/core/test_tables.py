"""Tables: what Excel and people hand us, and what we hand to Excel."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tables import (
    MAX_BYTES,
    CannotDecode,
    Row,
    TableTooLarge,
    csv_safe,
    decode_table,
    read_rows,
    split_header,
    write_csv,
)

NAMES = "髙橋①,﨑山Ⅱ,～－㈱"


def cells(text):
    return [row.cells for row in read_rows(text)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_names_come_out_right_of_everything_excel_writes(encoding):
    assert decode_table(NAMES.encode(encoding)) == NAMES


def test_big_endian_and_empty_files_are_read():
    assert decode_table(b"\xfe\xff" + NAMES.encode("utf-16-be")) == NAMES
    assert decode_table(b"") == ""


def test_utf8_that_would_also_be_valid_cp932_is_read_as_utf8():
    assert decode_table("氏名,メール".encode()) == "氏名,メール"


@pytest.mark.parametrize(
    "raw",
    [
        b"PK\x03\x04\x14\x00\x06\x00",
        b"\x89PNG\r\n\x1a\n",
        b"\x82",
        b"\xff\xfea",
        b"\xef\xbb\xbf\xff",
        b"abc\xfd\xfe",
        b"\x80abc",
        b"\x00",
    ],
)
def test_what_is_not_text_is_refused_with_a_way_out(raw):
    with pytest.raises(CannotDecode, match="CSV UTF-8（コンマ区切り）") as refused:
        decode_table(raw)
    assert str(refused.value.sentence).startswith("文字コードが分からないため、読み込めませんでした。")


def test_csv_with_quotes_and_line_breaks_keeps_the_number_of_each_line():
    text = 'name,note\r\n"山田, 太郎","一行目\r\n二行目 ""引用"""\r\n\r\n佐藤,x\r\n'
    assert read_rows(text) == [
        Row(1, ("name", "note")),
        Row(2, ("山田, 太郎", '一行目\n二行目 "引用"')),
        Row(5, ("佐藤", "x")),
    ]


def test_cells_copied_from_excel_are_split_at_tabs_only():
    assert cells('山田, 太郎\t"a\nb"\t\n佐藤\tc\td') == [("山田, 太郎", "a\nb", ""), ("佐藤", "c", "d")]


def test_lines_of_addresses_are_rows_of_one_cell():
    assert cells("a@example.jp\rb@example.jp\n\n\u3000\nc@example.jp") == [
        ("a@example.jp",),
        ("b@example.jp",),
        ("c@example.jp",),
    ]


def test_a_full_width_comma_separates_only_where_nothing_else_can():
    assert cells("山田，a@example.jp\n佐藤，b@example.jp") == [
        ("山田", "a@example.jp"),
        ("佐藤", "b@example.jp"),
    ]
    assert cells("山田，太郎,a@example.jp") == [("山田，太郎", "a@example.jp")]
    assert cells("山田，太郎\n佐藤") == [("山田，太郎",), ("佐藤",)]


def test_a_quote_that_never_closes_does_not_swallow_the_rows_below():
    assert cells('"山田,a@example.jp\n佐藤,b@example.jp') == [
        ("山田", "a@example.jp"),
        ("佐藤", "b@example.jp"),
    ]


def test_a_header_is_known_by_its_names_and_never_holds_an_address():
    rows = read_rows("メール,その他\na@example.jp,x")
    assert split_header(rows, {"メール"}.__contains__) == (rows[0], rows[1:])
    assert split_header(rows, {"氏名"}.__contains__) == (None, rows)
    assert split_header(rows[1:], {"x"}.__contains__) == (None, rows[1:])
    assert split_header([], {"メール"}.__contains__) == (None, [])


def test_five_thousand_rows_are_read_and_one_more_is_refused():
    assert len(read_rows("a\n" * 5_000 + "\n" * 9_000)) == 5_000
    with pytest.raises(TableTooLarge) as refused:
        read_rows("a\n" * 10_412)
    assert str(refused.value.sentence) == "5,000行以内にしてください（いま10,412行です）"


def test_a_row_may_be_a_hundred_cells_wide_and_empty_ones_do_not_count():
    assert cells("x," * 100 + "," * 16_000) == [("x",) * 100]
    with pytest.raises(TableTooLarge, match="100列以内にしてください（いま20,001列です）"):
        read_rows("x," * 20_000)
    with pytest.raises(TableTooLarge, match="100列以内"):
        read_rows('"' + "x," * 20_000)


def test_more_than_two_megabytes_are_refused():
    for read in (lambda: read_rows("あ" * MAX_BYTES), lambda: decode_table(b"a" * (3 * MAX_BYTES))):
        with pytest.raises(TableTooLarge) as refused:
            read()
        assert str(refused.value.sentence) == "2MB以内にしてください（いま6.0MBです）"


@pytest.mark.parametrize(
    "lead", ["", " ", "\u3000", "\xa0", "\u200b", "\ufeff", "\u202e", "\x00", "\u2800", "'", '"']
)
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "−"])
def test_no_cell_is_a_formula(lead, sign):
    cell = f"{lead}{sign}1+1"
    assert csv_safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["\tx", "\rx", "\nx"])
def test_no_cell_begins_with_a_separator(cell):
    assert csv_safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "山田", "a@example.jp", "1-2", " x", "ー", "「はい」"])
def test_an_ordinary_cell_is_handed_out_as_it_is(cell):
    assert csv_safe(cell) == cell


def test_a_written_table_opens_in_excel_and_reads_back():
    raw = write_csv([["氏名", "数"], ['髙橋 "花"\n', 3], ["=1", None]])
    assert raw == '\ufeff"氏名","数"\r\n"髙橋 ""花""\n","3"\r\n"\'=1",""\r\n'.encode()
    assert cells(decode_table(raw)) == [("氏名", "数"), ('髙橋 "花"\n', "3"), ("'=1", "")]


@given(st.binary())
def test_any_bytes_are_text_or_refused(raw):
    with suppress(CannotDecode):
        assert "\x00" not in decode_table(raw)


@given(st.one_of(st.text(), st.text(alphabet='ab",，\t\n\r \ud800')))
def test_any_text_gives_rows_with_rising_line_numbers(text):
    numbers = [row.line_number for row in read_rows(text)]
    assert numbers == sorted(set(numbers))
    assert all(any(cell.strip() for cell in row.cells) for row in read_rows(text))


@given(st.lists(st.lists(st.text(alphabet='ab=＝-\t "\n,あ'), min_size=1, max_size=3), max_size=4))
def test_what_is_written_reads_back_and_holds_no_formula(rows):
    text = write_csv(rows).decode("utf-8-sig")
    back = list(csv.reader(io.StringIO(text, newline="")))
    assert back == [[csv_safe(cell) for cell in row] for row in rows]
    assert not [cell for row in back for cell in row if cell.lstrip(' "')[:1] in tuple("=＝-")]
