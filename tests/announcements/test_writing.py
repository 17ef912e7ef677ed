"""Merge fields, variants, templates, previews and letters to oneself."""

from __future__ import annotations

import html
import re
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app.announcements.merging import FIELDS, tidy_fields, unknown_fields
from app.core.db import session
from app.core.events import OutboxRow
from app.core.text import filled_html, render_markdown
from app.models import (
    Announcement,
    AnnouncementRecipient,
    AnnouncementTemplate,
    AnnouncementVariant,
    Group,
    Member,
)
from tests.announcements.conftest import FORM
from tests.conftest import NO_SUCH_ID

pytestmark = pytest.mark.usefixtures("at_noon")


def test_a_merge_field_that_does_not_exist_is_named_with_those_that_do(world, as_, rows):
    """In the title, the text or a variant; what was typed stays."""
    hr = as_(world.jinji)
    for field in ("title", "body", "easy_body", "english_body"):
        answer = hr.post("/hr/announcements/new", {**FORM, field: "こんにちは、{名前}さん"})
        assert answer.status_code == 422, field
        assert "{名前} という差し込み項目はありません" in answer.text
        assert "{呼び名}・{氏名}・{入社}・{班}・{会社名}" in answer.text
        assert "こんにちは、{名前}さん" in answer.text
    assert rows(select(Announcement.id)) == []


@pytest.mark.parametrize(
    "body",
    [
        "[{呼び名}さんのページ](https://example.jp/)",
        "[こちら](https://example.jp/{呼び名})",
        "https://example.jp/{呼び名}",
        "<https://example.jp/{氏名}>",
        "![{班}](https://example.jp/x.png)",
    ],
)
def test_a_merge_field_in_or_at_a_link_is_refused(world, as_, body):
    """What a person is called never becomes part of an address."""
    answer = as_(world.jinji).post("/hr/announcements/new", {**FORM, "body": body})
    assert answer.status_code == 422
    assert "リンクの中と直後には、差し込み項目を置けません" in answer.text


def test_every_field_says_what_it_promises_and_a_name_is_never_markup(world, as_, sent, write):
    """Also one written by a Japanese keyboard; a name with markup in it is shown as it is."""
    write(
        lambda: session.execute(
            update(Member)
            .where(Member.id == world.sora.id)
            .values(legal_name="<b>空</b> & {班}", display_name="**そら**")
        )
    )
    key = sent(body="**{呼び名}**／{氏名}／｛ 入社 ｝／{班}／{会社名}", audience=["candidates", "employees"])
    shown = as_(world.sora).page(f"/announcements/{key}")
    assert (
        "<strong>**そら**</strong>／&lt;b&gt;空&lt;/b&gt; &amp; {班}／2027年4月入社／若葉／花丘商事" in shown
    )
    assert "（未定）／（未定）／花丘商事" in as_(world.takumi).page(f"/announcements/{key}")


@given(value=st.text(max_size=40), other=st.text(max_size=40))
def test_whatever_a_person_is_called_the_page_holds_exactly_that_text(value: str, other: str) -> None:
    """No name becomes markup, and none is filled in a second time."""
    template = render_markdown("a **{呼び名}** b {氏名}")
    filled = str(filled_html(template, {"呼び名": value, "氏名": other}))
    expected = template.replace("{呼び名}", "\0").replace("{氏名}", "\1")
    expected = expected.replace("\0", html.escape(value)).replace("\1", html.escape(other))
    assert filled == expected or "\0" in value + other or "\1" in value + other


@given(text=st.text(alphabet="{}｛｝呼び名班 a\n", max_size=30))
def test_tidying_fields_never_makes_one_unknown_and_is_done_once(text: str) -> None:
    """What is tidy stays as it is."""
    once = tidy_fields(text)
    assert tidy_fields(once) == once
    assert set(unknown_fields([once])) == set(unknown_fields([text]))
    assert all(name not in FIELDS for name in unknown_fields([once]))


def test_a_variant_may_lack_its_title_but_not_its_text(world, as_, written, rows):
    """An empty one is none."""
    answer = as_(world.jinji).post("/hr/announcements/new", {**FORM, "english_title": "Only a title"})
    assert answer.status_code == 422
    key = written(english_body="Hello", easy_title="")
    assert rows(select(AnnouncementVariant.kind)) == ["en"]
    fields = {**FORM, "revision": 1}
    assert as_(world.jinji).post(f"/hr/announcements/{key}", fields).status_code == 303
    assert rows(select(AnnouncementVariant.kind)) == []


def test_unknown_fields_tokens_and_too_long_texts_are_refused(world, as_, rows):
    """Nothing of it is stored."""
    hr = as_(world.jinji)
    for fields in (
        {"author_id": "1"},
        {"state": "sent"},
        {"audience": [f"cohort:{NO_SUCH_ID}"]},
        {"audience": ["everybody"]},
        {"title": "題" * 101},
        {"title": "  "},
        {"body": "文" * 10_001},
        {"kind": "advertisement"},
        {"files": [NO_SUCH_ID]},
    ):
        assert hr.post("/hr/announcements/new", {**FORM, **fields}).status_code == 422, fields
    assert rows(select(Announcement.id)) == []


def test_everything_that_is_wrong_is_said_at_once_and_what_was_chosen_stays(world, as_, rows):
    """What the form refuses, what the merge fields and the dates lack, and an odd file, in one answer."""
    answer = as_(world.jinji).post(
        "/hr/announcements/new",
        {
            **FORM,
            "title": "",
            "body": "こんにちは、{名前}さん",
            "english_title": "Notice",
            "asks_acknowledgement": "y",
            "easy_body": "文" * 10_001,
            "attachments": [
                (BytesIO(b"%PDF-1.4\n%%EOF\n"), "goannai.pdf"),
                (BytesIO(b"MZ" + b"\0" * 200), "setup.exe"),
            ],
        },
    )
    assert answer.status_code == 422
    for sentence in (
        "入力してください",
        "{名前} という差し込み項目はありません",
        "10,000文字以内にしてください",
        "本文も書いてください",
        "名簿表示日を選んでください",
    ):
        assert sentence in answer.text, sentence
    assert 'id="attachments-wrong"' in answer.text
    assert rows(select(Announcement.id)) == []


def test_a_file_stays_chosen_where_something_else_is_refused(world, as_):
    files = {"attachments": [(BytesIO(b"%PDF-1.4\n%%EOF\n"), "goannai.pdf")]}
    answer = as_(world.jinji).post("/hr/announcements/new", {**FORM, "title": "", **files})
    assert answer.status_code == 422
    assert re.search(r'name="files" value="[a-z2-7]{13}" checked.*?goannai\.pdf', answer.text)


def test_many_groups_are_folded_away_with_their_number_and_the_chosen_ones_are_not(world, as_, write):
    """On the forms of an announcement, a board and a room."""

    def plant():
        session.add_all(Group(name=f"{number}班", cohort_id=world.april.id) for number in range(8))

    hr = as_(world.jinji)
    for path in ("/hr/announcements/new", "/hr/boards/new", "/hr/rooms/new"):
        assert "ほかの班" not in hr.page(path)
    write(plant)
    names = {"announcements": "audience", "boards": "readers", "rooms": "audience"}
    for path, name in ((f"/hr/{place}/new", name) for place, name in names.items()):
        page = hr.page(path)
        assert page.index("ほかの班（9）") < page.index("班「若葉」")
        chosen = hr.post(path, {name: f"group:{world.group_id}", "title": "", "name": ""}).text
        assert chosen.index("班「若葉」") < chosen.index("ほかの班（8）") < chosen.index("班「0班」")


def test_a_preview_shows_what_one_person_of_the_audience_would_read(world, as_, written):
    """Found by name; somebody outside the audience is missing."""
    key = written(
        body="{呼び名}さん（{班}）", english_body="Dear {呼び名}", audience=[f"group:{world.group_id}"]
    )
    hr = as_(world.jinji)
    assert "そらさん（若葉）" in hr.page(f"/hr/announcements/{key}/preview?person={world.sora.public_id}")
    assert "Dear そら" in hr.page(f"/hr/announcements/{key}/preview?person={world.sora.public_id}&v=en")
    found = hr.page(f"/hr/announcements/{key}/preview?q=はるか")
    assert "はるかさん（若葉）" in found
    assert "そら 氏名" not in found
    assert hr.get(f"/hr/announcements/{key}/preview?person={world.ren.public_id}").status_code == 404
    assert hr.get(f"/hr/announcements/{key}/preview?q=%25").status_code == 200


def test_a_test_goes_to_oneself_alone_and_counts_nothing(world, as_, written, deliver, letters, rows, asking):
    """A letter marked as a test; nobody becomes a recipient."""
    key = written(**asking)
    assert as_(world.jinji).post(f"/hr/announcements/{key}/test").status_code == 303
    deliver()
    assert [one.subject for one in letters()] == ["【テスト】健康診断のご案内"]
    assert world.jinji.mail in letters()[0].to
    assert "jinjiさん、日程をお知らせします。" in letters()[0].text
    assert rows(select(func.count()).select_from(AnnouncementRecipient)) == [0]
    assert rows(select(OutboxRow.id)) == []
    assert as_(world.haruka).get(f"/announcements/{key}").status_code == 404


def test_templates_are_kept_used_and_deleted(world, as_, written, rows):
    """One of the same name is replaced; what was written with it stays."""
    key = written(title="{入社}の皆さんへ", body="定型の文")
    hr = as_(world.jinji)
    assert hr.post(f"/hr/announcements/{key}/template", {"name": ""}).status_code == 422
    for _ in range(2):
        assert hr.post(f"/hr/announcements/{key}/template", {"name": "健診"}).status_code == 303
    assert "健診" in hr.page("/hr/announcements/templates")
    template = rows(select(AnnouncementTemplate.public_id))
    assert len(template) == 1
    used = hr.page(f"/hr/announcements/new?template={template[0]}")
    assert "定型の文" in used
    assert "{入社}の皆さんへ" in used
    assert hr.get(f"/hr/announcements/new?template={NO_SUCH_ID}").status_code == 404
    assert hr.post(f"/hr/announcements/templates/{template[0]}/delete").status_code == 303
    assert hr.post(f"/hr/announcements/templates/{template[0]}/delete").status_code == 404
    assert "定型の文" in hr.page(f"/hr/announcements/{key}")


def test_the_check_page_says_for_whom_a_field_is_not_known_yet(world, as_, written):
    """Two of four candidates are in no group."""
    shown = as_(world.jinji).page(f"/hr/announcements/{written(body='{班}の皆さん')}/check")
    assert "班が決まっていない方が2名います" in shown


def test_an_announcement_costs_its_reader_few_statements(world, as_, sent, queries, asking):
    """Viewer and surroundings included."""
    key = sent(**asking, english_body="Hello")
    haruka = as_(world.haruka)
    haruka.page(f"/announcements/{key}")
    with queries() as seen:
        haruka.page(f"/announcements/{key}?v=en")
    assert len(seen) <= 8, seen


PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def test_files_travel_with_the_form_and_open_for_recipients_alone(world, as_, written, revision_of):
    """Before it is sent, for HR; afterwards for whoever received it; after it was taken back for nobody else."""
    key = written(attachments=(BytesIO(PDF), "案内.pdf"))
    hr, haruka, takumi = as_(world.jinji), as_(world.haruka), as_(world.takumi)
    form = hr.page(f"/hr/announcements/{key}")
    assert "案内.pdf" in form
    file = re.search(r'name="files" value="([a-z2-7]{13})"', form)[1]
    assert haruka.get(f"/files/{file}").status_code == 404
    assert as_(world.lead).get(f"/files/{file}").status_code == 200
    hr.post(f"/hr/announcements/{key}/send", {"revision": revision_of(key)})
    assert f"/files/{file}" in haruka.page(f"/announcements/{key}")
    assert haruka.get(f"/files/{file}").data == PDF
    assert takumi.get(f"/files/{file}").status_code == 404
    hr.post(f"/hr/announcements/{key}/cancel")
    assert haruka.get(f"/files/{file}").status_code == 404


def test_a_file_is_taken_off_by_its_box_and_an_odd_one_is_refused_with_the_text_kept(world, as_, written):
    """A renamed program is no document."""
    key = written(attachments=(BytesIO(PDF), "案内.pdf"))
    hr = as_(world.jinji)
    assert hr.post(f"/hr/announcements/{key}", {**FORM, "revision": 1}).status_code == 303
    assert "案内.pdf" not in hr.page(f"/hr/announcements/{key}")
    typed = {**FORM, "title": "消えない題", "attachments": (BytesIO(b"MZ\x90\0" * 99), "案内.pdf")}
    answer = hr.post("/hr/announcements/new", typed)
    assert answer.status_code == 422
    assert "消えない題" in answer.text
