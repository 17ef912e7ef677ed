"""Telling the moderators: they read what was chosen, as it read then, and nothing else of the room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from app.models import MessageReport
from tests.chat.conftest import PlantedRoom, say, send_json
from tests.conftest import NO_SUCH_ID, Client, Person, World

As = Callable[[Person], Client]


def report(client: Client, message: str, *chosen: str, **more: Any) -> Any:
    """The answer to a report of these messages."""
    data = {"messages": list(chosen or [message]), "reason": "contact", "note": "", **more}
    return client.post(f"/reports/new?message={message}", data)


def test_moderators_read_the_chosen_messages_and_not_the_others_nor_who_told_them(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    say(haruka, group_room, "これは選ばれない言葉です")
    bad = say(haruka, group_room, "LINEを教えてください")["id"]
    assert "これは選ばれない言葉です" in sora.page(f"/reports/new?message={bad}")
    assert report(sora, bad, note="困っています").status_code == 303
    page = as_(world.mod).page("/moderation")
    assert "LINEを教えてください" in page
    assert "困っています" in page
    assert "これは選ばれない言葉です" not in page
    assert world.sora.name not in page
    assert as_(world.jinji).get("/moderation").status_code == 404


def test_what_was_reported_stays_as_it_read_when_its_author_takes_it_back(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    bad = say(haruka, group_room, "消える言葉")["id"]
    report(sora, bad)
    send_json(haruka, f"{group_room.api}/messages/{bad}/unsend")
    assert "消える言葉" in as_(world.mod).page("/moderation")


def test_nobody_reports_their_own_words_or_what_they_do_not_see(
    as_: As, world: World, square_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    own = say(haruka, square_room, "わたしの言葉")["id"]
    unseen = say(as_(world.ren), square_room, "見えない言葉")["id"]
    other = say(sora, square_room, "ほかの言葉")["id"]
    assert haruka.get(f"/reports/new?message={own}").status_code == 403
    hidden = haruka.get(f"/reports/new?message={unseen}")
    missing = haruka.get(f"/reports/new?message={NO_SUCH_ID}")
    assert (hidden.status_code, hidden.data) == (404, missing.data)
    assert "見えない言葉" not in haruka.page(f"/reports/new?message={other}")
    assert report(haruka, other, other, unseen).status_code == 404
    assert report(haruka, other, other, own).status_code == 403


def test_a_report_without_messages_or_reason_says_so_and_keeps_the_note(
    as_: As, world: World, group_room: PlantedRoom, rows: Callable[..., list[Any]]
) -> None:
    bad = say(as_(world.haruka), group_room, "ことば")["id"]
    sora = as_(world.sora)
    answer = sora.post(f"/reports/new?message={bad}", {"note": "消えないでほしい補足"})
    assert answer.status_code == 422
    assert "消えないでほしい補足" in answer.text
    assert rows(select(MessageReport.id)) == []


def test_in_a_talk_of_two_the_reporter_is_told_that_it_shows(
    as_: As, world: World, direct_room: PlantedRoom, group_room: PlantedRoom
) -> None:
    sora, haruka = as_(world.sora), as_(world.haruka)
    words = "知らせたのがあなただと分かる"
    one, other = (say(haruka, room, "ことば")["id"] for room in (direct_room, group_room))
    assert words in sora.page(f"/reports/new?message={one}")
    assert words not in sora.page(f"/reports/new?message={other}")


def test_a_moderator_marks_a_report_as_looked_at_and_nobody_decides_about_their_own(
    as_: As, world: World, square_room: PlantedRoom, rows: Callable[..., list[Any]]
) -> None:
    bad = say(as_(world.sora), square_room, "ことば")["id"]
    report(as_(world.haruka), bad)
    [report_id] = rows(select(MessageReport.public_id))
    mod = as_(world.mod)
    assert as_(world.haruka).post(f"/moderation/reports/{report_id}/close").status_code == 404
    assert mod.post(f"/moderation/reports/{report_id}/close").status_code == 303
    assert "確認を待っている通報はありません" in mod.page("/moderation")


def test_moderators_see_beside_every_page_how_much_waits_for_them_and_nobody_else_does(
    as_: As, world: World, square_room: PlantedRoom, rows: Callable[..., list[Any]]
) -> None:
    def beside(person: Any) -> str:
        return str(as_(person).page("/").partition('class="nav-side"')[2].partition("</nav>")[0])

    assert 'href="/moderation"' in beside(world.mod)
    assert "badge" not in beside(world.mod)
    report(as_(world.haruka), say(as_(world.sora), square_room, "ことば")["id"])
    assert "badge" in beside(world.mod)
    for person in (world.haruka, world.takumi, world.jinji, world.admin):
        assert "/moderation" not in beside(person)
    [report_id] = rows(select(MessageReport.public_id))
    as_(world.mod).post(f"/moderation/reports/{report_id}/close")
    assert "badge" not in beside(world.mod)
