"""Many people at once: pasted or uploaded, shown before anything is stored, stored before anything is mailed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core.errors import Invalid
from app.invitations.cards import Invitee
from app.invitations.operations import invite_people, invite_person, revoke_invitations
from app.invitations.sheet import sheet_preview
from app.models import Invitation

PREVIEW, CONFIRM = "/hr/invitations/import", "/hr/invitations/import/confirm"
HEADER = "氏名,フリガナ,メール,入社時期,班,役割\n"
TWO = HEADER + (
    "髙橋 葵,タカハシ アオイ,aoi@univ.example.jp,2027年4月入社,若葉,内定者\n"
    "①田 一,イチダ ハジメ,ichi@univ.example.jp,2027年10月入社,,内定者\n"
)


def count(rows: Any) -> int:
    """How many invitations there are."""
    return int(rows(select(func.count()).select_from(Invitation))[0])


def test_a_cp932_file_with_rare_characters_is_previewed_then_imported_and_nothing_is_mailed(
    as_: Any, world: Any, rows: Any, deliver: Any, letters: Any
) -> None:
    hr = as_(world.jinji)
    upload = {"lines": "", "sheet": (io.BytesIO(TWO.encode("cp932")), "名簿.csv")}
    shown = hr.post(PREVIEW, upload, content_type="multipart/form-data")
    assert shown.status_code == 200, shown.text
    for said in ("髙橋 葵", "①田 一", "新規 2名", "2名の招待を作成する"):
        assert said in shown.text
    assert count(rows) == 0, "a preview stores nothing"
    assert hr.post(CONFIRM, {"lines": TWO, "cohort": ""}).status_code == 302
    assert rows(select(Invitation.legal_name).order_by(Invitation.id)) == ["髙橋 葵", "①田 一"]
    assert len(rows(select(Invitation.group_id).where(Invitation.group_id.is_not(None)))) == 1
    assert deliver() == 0
    assert letters() == []


def test_each_line_is_told_what_would_happen(as_: Any, acting: Any, world: Any) -> None:
    april = world.april.public_id
    acting(world.jinji, invite_person, Invitee(mail="open@univ.example.jp", cohort=april))
    revoked = acting(world.jinji, invite_person, Invitee(mail="gone@univ.example.jp", cohort=april))
    acting(world.jinji, revoke_invitations, [revoked])
    lines = HEADER + (
        "A,,new@univ.example.jp,2027年4月入社,,\n"
        "B,,open@univ.example.jp,2027年4月入社,,\n"
        "C,,haruka@example.jp,2027年4月入社,,\n"
        "D,,gone@univ.example.jp,2027年4月入社,,\n"
        "E,,no-address,2027年4月入社,,\n"
        "F,,f@univ.example.jp,2027年10月入社,若葉,\n"
        "G,,g@univ.example.jp,,,\n"
        "H,,h@example.jp,,,人事\n"
    )
    preview = acting(world.jinji, sheet_preview, lines, cohort="")
    assert preview.counts == {"new": 2, "invited": 1, "member": 1, "problem": 4}
    assert {row.legal_name: row.outcome for row in preview.rows} == {
        "A": "new", "B": "invited", "C": "member", "D": "new",
        "E": "problem", "F": "problem", "G": "problem", "H": "problem",
    }  # fmt: skip
    said = {row.legal_name: "".join(map(str, row.sentences)) for row in preview.rows}
    assert "この入社時期にはありません" in said["F"]
    assert "入社時期を入力してください" in said["G"]
    assert "人事責任者です" in said["H"]
    page = as_(world.jinji).post(PREVIEW, {"lines": lines})
    for label in ("新規 2名", "すでに招待済み 1名", "すでに参加中 1名", "問題あり 4行"):
        assert label in page.text


def test_good_lines_are_imported_and_the_others_stay_to_be_corrected(as_: Any, world: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    bad = "だめ,,no-address,2027年4月入社,,\n"
    answer = hr.post(CONFIRM, {"lines": TWO + bad})
    assert answer.status_code == 200
    assert count(rows) == 2
    assert "2名の招待を作成しました" in answer.text
    assert "no-address" in answer.text
    assert "aoi@univ.example.jp" not in answer.text
    assert "新規 0名" in answer.text
    assert "問題あり 1行" in answer.text
    again = hr.post(CONFIRM, {"lines": HEADER + bad.replace("no-address", "ok@univ.example.jp")})
    assert again.status_code == 302
    assert count(rows) == 3


def test_columns_that_touch_the_fourteen_items_are_named_and_not_read(
    as_: Any, world: Any, rows: Any
) -> None:
    lines = "氏名,メール,入社時期,本籍,好きな色\n葵,aoi@univ.example.jp,2027年4月入社,東京都ひみつ町,あお\n"
    shown = as_(world.jinji).post(PREVIEW, {"lines": lines})
    assert "「本籍」の列は読み込みませんでした" in shown.text
    assert "使わなかった列：好きな色" in shown.text
    table = shown.text.split("<tbody>")[1].split("</tbody>")[0]
    assert "ひみつ町" not in table


def test_ten_thousand_lines_get_one_sentence_and_the_text_is_kept(as_: Any, world: Any, rows: Any) -> None:
    lines = "".join(f"名前{number},p{number}@univ.example.jp\n" for number in range(10_000))
    for path in (PREVIEW, CONFIRM):
        answer = as_(world.jinji).post(path, {"lines": lines})
        assert answer.status_code == 422
        assert "5,000行以内にしてください（いま10,000行です）" in answer.text
        assert "p9999@univ.example.jp" in answer.text
    assert count(rows) == 0


@pytest.mark.parametrize("lines", ["", "  \n\u3000\n", "氏名だけ\n"])
def test_nothing_to_read_is_said_in_a_sentence(as_: Any, world: Any, lines: str) -> None:
    answer = as_(world.jinji).post(PREVIEW, {"lines": lines})
    assert answer.status_code == 422
    assert "メールアドレス" in answer.text


def test_a_file_that_is_no_table_is_refused_and_the_pasted_text_is_kept(as_: Any, world: Any) -> None:
    upload = {
        "lines": "葵,aoi@univ.example.jp",
        "sheet": (io.BytesIO(b"PK\x03\x04\x00\x81\xff"), "名簿.xlsx"),
    }
    answer = as_(world.jinji).post(PREVIEW, upload, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "読み込めませんでした" in answer.text
    assert "葵,aoi@univ.example.jp" in answer.text


def test_unknown_fields_are_refused(as_: Any, world: Any, rows: Any) -> None:
    assert as_(world.jinji).post(CONFIRM, {"lines": TWO, "roles": "255"}).status_code == 422
    assert count(rows) == 0


def test_html_in_a_sheet_is_shown_as_text(as_: Any, world: Any) -> None:
    lines = 'メール,氏名,入社時期\nx@example.jp,"<img src=x onerror=alert(1)>",2027年4月入社\n'
    shown = as_(world.jinji).post(PREVIEW, {"lines": lines})
    assert "<img src=x" not in shown.text


def test_importing_the_same_sheet_twice_makes_nobody_twice(as_: Any, world: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    for _time in range(2):
        assert hr.post(CONFIRM, {"lines": TWO}).status_code == 302
    assert count(rows) == 2


def test_three_thousand_rows_are_imported_with_as_many_statements_as_three(
    acting: Any, world: Any, queries: Any, rows: Any
) -> None:
    counts = []
    for start, end in ((0, 3), (3, 3003)):
        lines = HEADER + "".join(
            f"名前,ナマエ,p{n}@univ.example.jp,2027年4月入社,若葉,\n" for n in range(start, end)
        )
        with queries() as seen:
            preview = acting(world.jinji, sheet_preview, lines, cohort="")
            assert acting(world.jinji, invite_people, preview.invitees) == end - start
        counts.append(len(seen))
    assert count(rows) == 3003
    assert counts[1] <= counts[0] + 4, counts
    assert counts[1] <= 30, counts


def test_the_cohort_for_lines_without_one_must_be_one_that_exists(acting: Any, world: Any) -> None:
    lines = "葵,aoi@univ.example.jp\n"
    assert acting(world.jinji, sheet_preview, lines, cohort=world.april.public_id).new_count == 1
    assert acting(world.jinji, sheet_preview, lines, cohort="aaaaaaaaaaaaa").new_count == 0
    with pytest.raises(Invalid):
        acting(world.jinji, invite_people, [Invitee(mail="a@example.jp", cohort="aaaaaaaaaaaaa")])
