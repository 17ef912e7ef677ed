"""Writing in a real browser: drafts that wait, the preview, names by keyboard, the toolbar, answering in place."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect
from sqlalchemy import delete, select

from app.core.db import session
from app.core.operation import unit_of_work
from app.models import Draft, Upload
from tests.journeys.conftest import PC, PHONE, Tab
from tests.services.houses import Served

SAVED = "下書きを保存しました"
RESTORED = "書きかけの下書きを戻しました"


@pytest.fixture(autouse=True)
def _no_drafts(house: Served) -> Iterator[None]:
    yield
    with house.app.app_context(), unit_of_work():
        session.execute(delete(Draft))


def _write(page: Page, text: str) -> None:
    page.locator("[name=body]").click()
    page.keyboard.type(text)


def _is_saved(page: Page) -> None:
    expect(page.locator("[data-draft-state]")).to_have_text(SAVED)


def test_a_draft_is_there_after_a_reload_and_on_another_device(
    tab: Callable[..., Tab], house: Served
) -> None:
    path = f"/topics/{house.world.topic_id}"
    phone = tab("haruka", PHONE).go(path)
    _write(phone, "電車の中で書きはじめた")
    phone.wait_for_timeout(600)
    phone.reload()
    expect(phone.locator("[name=body]")).to_have_value("電車の中で書きはじめた")
    expect(phone.get_by_text(RESTORED)).to_be_visible()
    _write(phone, "文章")
    _is_saved(phone)

    desk = tab("haruka", PC).go(path)
    desk.locator("[name=body]").click()
    expect(desk.get_by_text(RESTORED)).to_be_visible()
    desk.locator("[name=body]").fill("家で書きおえた文章")
    _is_saved(desk)

    # The phone was not asked in between: it is offered both.
    _write(phone, "のつづき")
    expect(phone.get_by_text("この下書きは別の端末で更新されました")).to_be_visible()
    phone.get_by_role("button", name="更新された下書きを使う").click()
    expect(phone.locator("[name=body]")).to_have_value("家で書きおえた文章")
    phone.get_by_role("button", name="コメントする").click()
    expect(phone.locator(".post").last.get_by_text("家で書きおえた文章")).to_be_visible()
    expect(phone.locator("[name=body]")).to_have_value("")
    desk.reload()
    desk.locator("[name=body]").click()
    desk.wait_for_timeout(500)
    expect(desk.locator("[name=body]")).to_have_value("")


def test_what_is_typed_without_a_connection_stays_and_arrives_later(
    tab: Callable[..., Tab], house: Served
) -> None:
    mine = tab("sora", PHONE)
    page = mine.go("/boards/square/new")
    page.locator("[name=title]").fill("トンネルの題")
    expect(page.locator("form[data-ready]")).to_be_attached()
    mine.context.set_offline(True)
    _write(page, "トンネルの中の文章")
    expect(page.locator("[data-draft-state]")).to_have_text("いまはこの端末だけに下書きを残しています")
    mine.context.set_offline(False)
    _is_saved(page)
    other = tab("sora", PC).go("/boards/square/new")
    expect(other.locator("[name=body]")).to_have_value("トンネルの中の文章")
    expect(other.locator("[name=title]")).to_have_value("トンネルの題")
    other.get_by_role("button", name="消す").click()
    expect(other.locator("[name=body]")).to_have_value("")
    assert "トンネル" not in tab("sora", PC).go("/boards/square/new").locator("[name=body]").input_value()


def test_what_is_sent_without_a_connection_stays_on_the_screen_and_says_so(
    tab: Callable[..., Tab], house: Served
) -> None:
    mine = tab("sora", PHONE)
    page = mine.go(f"/topics/{house.world.topic_id}")
    page.locator(".composer textarea").fill("トンネルから送る")
    expect(page.locator("form[data-ready]")).to_be_attached()
    mine.context.set_offline(True)
    page.get_by_role("button", name="コメントする").click()
    expect(page.get_by_role("alert")).to_contain_text("まだ送っていません")
    expect(page.locator(".composer textarea")).to_have_value("トンネルから送る")
    mine.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="コメントする").click()
    expect(page.locator(".post:target")).to_contain_text("トンネルから送る")


def test_what_was_on_its_way_when_the_page_was_left_is_no_other_device(
    tab: Callable[..., Tab], house: Served
) -> None:
    path = f"/topics/{house.world.topic_id}"
    mine = tab("sora", PHONE)
    page = mine.go(path)
    held: list[Route] = []
    page.route("**/api/drafts/*", lambda route: held.append(route) if _is_post(route) else route.continue_())
    _write(page, "途中まで")
    while not held:  # the pause is saved; the test's own time limit ends this
        page.wait_for_timeout(100)
    _write(page, "書いた")
    page.wait_for_timeout(600)
    sent = held[0].request
    answer = page.request.post(
        sent.url, data=sent.post_data, headers=sent.headers
    )  # it arrives, its answer does not
    assert answer.ok
    page.reload()
    page.unroute("**/api/drafts/*")
    expect(page.locator("[name=body]")).to_have_value("途中まで書いた")
    _write(page, "つづき")
    _is_saved(page)
    expect(page.get_by_text("この下書きは別の端末で更新されました")).to_be_hidden()


def _is_post(route: Route) -> bool:
    return route.request.method == "POST"


def test_a_network_that_leads_nowhere_takes_no_words_along(tab: Callable[..., Tab], house: Served) -> None:
    """The browser believes it is connected: a café whose page of terms was never accepted, say."""
    mine = tab("sora", PHONE)
    page = mine.go(f"/topics/{house.world.topic_id}")
    page.locator(".composer textarea").fill("カフェから送る")
    expect(page.locator("form[data-ready]")).to_be_attached()
    page.evaluate(
        "() => { window.kept = fetch; window.fetch = async () => { throw new TypeError('no way'); }; }"
    )
    page.get_by_role("button", name="コメントする").click()
    expect(page.get_by_role("alert")).to_contain_text("書いた内容はこの画面に残っています")
    expect(page.locator(".composer textarea")).to_have_value("カフェから送る")
    page.evaluate("() => { window.fetch = window.kept; }")
    page.get_by_role("button", name="コメントする").click()
    expect(page.locator(".post:target")).to_contain_text("カフェから送る")


def test_a_browser_that_wrongly_believes_to_be_offline_sends_all_the_same(
    tab: Callable[..., Tab], house: Served
) -> None:
    """Behind some tunnels it always does."""
    mine = tab("sora", PHONE)
    mine.context.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
    page = mine.go(f"/topics/{house.world.topic_id}")
    page.locator(".composer textarea").fill("トンネルの先から")
    expect(page.locator("form[data-ready]")).to_be_attached()
    page.get_by_role("button", name="コメントする").click()
    expect(page.locator(".post:target")).to_contain_text("トンネルの先から")


def test_the_preview_shows_what_readers_will_see(tab: Callable[..., Tab], house: Served) -> None:
    page = tab("haruka", PC).go("/boards/square/new")
    page.locator("[name=body]").fill("**「研修」**です\n- 一つめ")
    page.get_by_role("tab", name="プレビュー").click()
    look = page.get_by_role("tabpanel")
    expect(look.locator("strong")).to_have_text("「研修」")
    expect(look.locator("li")).to_have_text("一つめ")
    expect(page.locator("[name=body]")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[name=body]")).to_be_focused()


def test_the_toolbar_marks_the_selection_and_undo_takes_it_back(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("takumi", PC).go("/boards/square/new")
    area = page.locator("[name=body]")
    _write(page, "大切な話")
    page.keyboard.press("Shift+Home")
    page.get_by_role("button", name="太字").click()
    expect(area).to_have_value("**大切な話**")
    page.get_by_role("button", name="太字").click()
    expect(area).to_have_value("大切な話")
    page.keyboard.press("ControlOrMeta+z")
    expect(area).to_have_value("**大切な話**")
    area.fill("一つめ\n二つめ")
    page.keyboard.press("ControlOrMeta+a")
    page.get_by_role("button", name="箇条書き").click()
    expect(area).to_have_value("- 一つめ\n- 二つめ")
    page.get_by_role("button", name="箇条書き").click()
    page.get_by_role("button", name="コード").click()
    expect(area).to_have_value("\n```\n一つめ\n二つめ\n```\n")
    area.fill("会社のページ")
    page.keyboard.press("ControlOrMeta+a")
    page.get_by_role("button", name="リンク").click()
    page.keyboard.type("https://example.jp/")
    expect(area).to_have_value("[会社のページ](https://example.jp/)")


def test_a_name_is_completed_by_keyboard_and_becomes_a_mention(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("sora", PC).go(f"/topics/{house.world.topic_id}")
    _write(page, "@たく")
    people = page.get_by_role("listbox", name="呼びかける相手")
    expect(people.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(page.locator("[name=body]")).to_have_value("@たくみ ")
    expect(page.locator("[name=mentions]")).to_have_value(house.world.takumi.public_id)
    expect(people).to_be_hidden()
    _write(page, "@ゆい")
    page.wait_for_timeout(500)
    expect(people).to_be_hidden()
    page.keyboard.type(" ありがとうございます")
    page.get_by_role("button", name="コメントする").click()
    expect(page.locator(".post").last.get_by_role("link", name="@たくみ")).to_be_visible()


def test_a_list_of_names_is_left_with_escape_and_enter_is_a_new_line_again(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("sora", PC).go(f"/topics/{house.world.topic_id}")
    _write(page, "@たく")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("[name=body]")).to_have_value("@たく\n")


def test_a_comment_is_answered_in_place_and_the_strip_can_be_dropped(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("haruka", PC).go(f"/topics/{house.world.topic_id}")
    page.locator("a[data-can~=quote]").nth(2).click()
    answered = page.locator("[data-quote]")
    name, public_id = answered.get_attribute("data-quote-name"), answered.get_attribute("data-quote")
    expect(page.locator("form[data-ready]")).to_be_attached()
    answered.click()
    strip = page.locator("[data-quote-strip]")
    expect(strip).to_contain_text(f"{name}さんのコメントへの返信")
    expect(page.locator("[name=quoted]")).to_have_value(str(public_id))
    expect(page.locator("[name=body]")).to_be_focused()
    page.get_by_role("link", name="返信先を外す").click()
    expect(strip).to_be_hidden()
    expect(page.locator("[name=quoted]")).to_have_value("")


def test_a_reply_begins_as_one_line_and_grows(tab: Callable[..., Tab], house: Served) -> None:
    page = tab("haruka", PHONE).go(f"/topics/{house.world.topic_id}")
    area = page.locator("[name=body]")
    area.scroll_into_view_if_needed()
    expect(page.get_by_text("名前で（はるか）")).to_be_visible()
    expect(page.get_by_role("toolbar", name="書式")).to_be_hidden()
    low = area.bounding_box()
    assert low is not None
    assert low["height"] <= 60
    area.tap()
    expect(page.get_by_role("toolbar", name="書式")).to_be_visible()
    expect(page.get_by_role("button", name="コメントする")).to_be_visible()
    page.keyboard.type("一行め")
    for _line in range(4):
        page.keyboard.press("Enter")
        page.keyboard.type("つぎの行")
    high = area.bounding_box()
    assert high is not None
    assert high["height"] > low["height"] * 2, "Enter is a new line"
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_there_is_a_preview_button_and_no_dead_tools(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("haruka", PHONE, java_script_enabled=False).go(f"/topics/{house.world.topic_id}")
    expect(page.get_by_role("toolbar", name="書式")).to_be_hidden()
    page.locator("[name=body]").fill("**太い**字")
    page.get_by_role("button", name="プレビュー").click()
    expect(page.get_by_text("プレビューです。まだ送られていません")).to_be_visible()
    expect(page.locator(".composer strong", has_text="太い")).to_be_visible()
    expect(page.locator("[name=body]")).to_have_value("**太い**字")


def _photo(width: int, height: int) -> FilePayload:
    """Noise, so that it is as large as a photo."""
    made = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)).save(made, "JPEG", quality=90)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


def test_files_travel_while_one_writes_and_one_that_is_refused_loses_nothing(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("haruka", PHONE).go("/boards/square/new")
    photo = _photo(3000, 1500)
    note: FilePayload = {"name": "メモ.txt", "mimeType": "text/plain", "buffer": "持ちもの".encode()}
    program: FilePayload = {
        "name": "setup.exe",
        "mimeType": "application/x-msdownload",
        "buffer": b"MZ" + bytes(600),
    }
    page.locator("[name=title]").fill("研修の写真")
    page.locator("[name=body]").fill("会場のようすです")
    page.locator("[data-files] input[type=file]").set_input_files([photo, note, program])
    rows = page.locator(".attach-row")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_have_attribute("data-state", "failed")
    expect(rows.nth(2).locator("[role=status]")).to_contain_text("受け付けていません")
    rows.nth(2).get_by_role("button", name="setup.exeを外す").click()
    expect(rows.nth(0)).to_have_attribute("data-state", "ready")
    expect(rows.nth(0).locator("img")).to_have_js_property("complete", True)
    expect(rows.nth(1)).to_have_attribute("data-state", "ready")
    rows.nth(0).get_by_label("写真の説明（任意）").fill("窓の大きな会議室")
    with page.expect_response("**/alt"):
        page.locator("[name=body]").focus()
    sent = page.locator("[name=files]").input_value().split()
    with house.app.app_context():
        sizes = dict(session.execute(select(Upload.public_id, Upload.size_bytes)).tuples().all())
    assert sizes[sent[0]] < len(photo["buffer"]), "made smaller before it was sent"
    assert sizes[sent[1]] == len(note["buffer"])
    page.get_by_role("button", name="投稿する").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("研修の写真")
    expect(page.get_by_alt_text("窓の大きな会議室")).to_be_visible()
    expect(page.get_by_role("link", name="メモ.txt")).to_be_visible()


def test_an_upload_that_breaks_off_can_be_sent_again(tab: Callable[..., Tab], house: Served) -> None:
    mine = tab("sora", PC)
    page = mine.go(f"/topics/{house.world.topic_id}")
    page.locator("[name=body]").fill("写真は届かなくても、文章は残ります")
    expect(page.locator("form[data-ready]")).to_be_visible()
    page.route("**/api/files", lambda route: route.abort())
    page.locator("[data-files] input[type=file]").set_input_files([_photo(40, 30)])
    row = page.locator(".attach-row")
    expect(row).to_have_attribute("data-state", "failed")
    expect(row).to_contain_text("送れませんでした")
    expect(page.locator("[name=body]")).to_have_value("写真は届かなくても、文章は残ります")
    page.unroute("**/api/files")
    row.get_by_role("button", name="もう一度送る").click()
    expect(row).to_have_attribute("data-state", "ready")
    row.get_by_role("button", name="外す").click()
    expect(page.locator(".attach-row")).to_have_count(0)
    expect(page.locator("[name=files]")).to_have_value("")


def test_a_sign_is_given_from_the_six_without_leaving_the_page(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("haruka", PC).go(f"/topics/{house.world.topic_id}")
    bar = page.locator("[data-reactions]").first
    bar.get_by_label("リアクションを選ぶ").click()
    expect(bar.get_by_role("button", name="ありがとう")).to_be_visible()
    bar.get_by_role("button", name="ありがとう").click()
    given = page.locator("[data-reactions]").first.get_by_role("button", name="ありがとう")
    expect(given).to_have_attribute("aria-pressed", "true")
    expect(given).to_be_focused()
    given.click()
    expect(given).to_have_count(0)
