"""Telling the moderators: they read what was chosen, as it read then, and nothing else of the room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.core.db import session
from app.models import Community, Member, MessageReport, Role
from tests.chat.conftest import PlantedRoom, say, send_json
from tests.conftest import NO_SUCH_ID, Client, Person, World

As = Callable[[Person], Client]


def report(client: Client, message: str, *chosen: str, **more: Any) -> Any:
    """The answer to a report of these messages."""
    data = {"messages": list(chosen or [message]), "reason": "contact", "note": "", **more}
    return client.post(f"/reports/new?message={message}", data)


@pytest.fixture
def moderators(write: Callable[..., Any], world: World) -> Callable[..., None]:
    """Has exactly these people moderate, beside what else they are."""

    def make(*people: Person) -> None:
        def change() -> None:
            for member in session.scalars(select(Member)):
                roles = member.roles & ~int(Role.MODERATOR) or int(Role.EMPLOYEE)
                if member.id in {person.id for person in people}:
                    roles |= int(Role.MODERATOR)
                if member.roles != roles:
                    member.roles, member.version = roles, member.version + 1

        write(change)

    return make


@pytest.fixture
def telephone(write: Callable[..., Any]) -> str:
    """The outside telephone the administrator entered."""

    def enter() -> None:
        community = session.get_one(Community, 1)
        community.help_line, community.version = "早川法律事務所 0120-000-000", community.version + 1

    write(enter)
    return "0120-000-000"


def content(client: Client, path: str) -> str:
    """A page without what stands at its foot."""
    return client.page(path).partition("<footer")[0]


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


# ── who reads it ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_names_who_would_read_and_who_of_them_works_in_hr(
    as_: As, world: World, group_room: PlantedRoom, moderators: Callable[..., None]
) -> None:
    sora = as_(world.sora)
    path = f"/reports/new?message={say(as_(world.haruka), group_room, 'ことば')['id']}"
    assert "読むのは、ひろば運営（mod）です。人事の担当者は含まれません。" in sora.page(path)
    moderators(world.mod, world.jinji)
    page = sora.page(path)
    assert "読むのは、ひろば運営（jinji・mod）です。このうちjinjiさんは、人事も担当しています。" in page
    moderators(world.jinji)
    assert "読むのは、ひろば運営（jinji）です。人事も担当しています。" in sora.page(path)


def test_hr_is_said_to_look_into_it_only_where_it_does(
    as_: As, world: World, group_room: PlantedRoom, moderators: Callable[..., None]
) -> None:
    sora, room = as_(world.sora), f"/rooms/{group_room.public_id}"
    bad = say(as_(world.haruka), group_room, "ことば")["id"]
    report(sora, bad)
    assert "ひろば運営が確認します（目安：2営業日）" in sora.page(room)
    moderators(world.mod, world.lead)
    report(sora, bad)
    assert "ひろば運営（人事を含みます）が確認します（目安：2営業日）" in sora.page(room)


def test_the_message_it_is_about_stands_first_and_chosen_and_the_others_are_folded_below(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    earlier = [say(haruka, group_room, f"その前の言葉{number}")["id"] for number in range(5)]
    bad = say(haruka, group_room, "この言葉です")["id"]
    say(sora, group_room, "わたしの言葉")
    page = content(sora, f"/reports/new?message={bad}")
    shown, folded = page.partition('<details class="disclosure">')[::2]
    assert f'value="{bad}" checked' in shown
    assert "その前の言葉" not in shown
    assert "その前の言葉4" in folded
    assert "わたしの言葉" in folded
    answer = report(sora, bad, bad, earlier[-1], reason="")
    assert answer.status_code == 422
    assert '<details class="disclosure" open>' in answer.text
    assert f'value="{earlier[-1]}" checked' in answer.text


def test_in_the_thread_with_hr_the_page_says_who_reads_and_names_the_outside_telephone(
    as_: As,
    world: World,
    office_room: PlantedRoom,
    group_room: PlantedRoom,
    moderators: Callable[..., None],
    telephone: str,
) -> None:
    haruka = as_(world.haruka)
    bad = say(as_(world.jinji), office_room, "他社は断ってください")["id"]
    path = f"/reports/new?message={bad}"
    page = content(haruka, path)
    assert "読むのは、ひろば運営（mod）です。人事の担当者は含まれません。" in page
    assert telephone in page
    moderators(world.mod, world.lead)
    assert "このうちleadさんは、人事も担当しています" in haruka.page(path)
    other = say(as_(world.sora), group_room, "ことば")["id"]
    assert telephone not in content(haruka, f"/reports/new?message={other}")
    theirs = say(haruka, office_room, "はい")["id"]
    assert telephone not in content(as_(world.jinji), f"/reports/new?message={theirs}")


def test_what_nobody_could_read_is_not_taken_and_the_page_leads_elsewhere(
    as_: As,
    world: World,
    plant_room: Callable[..., PlantedRoom],
    moderators: Callable[..., None],
    telephone: str,
    rows: Callable[..., list[Any]],
) -> None:
    room = plant_room("place", world.haruka, world.mod, name="広場")
    bad = say(as_(world.mod), room, "運営のひどい言葉")["id"]
    haruka, path = as_(world.haruka), f"/reports/new?message={bad}"
    answer = report(haruka, bad, note="消えないでほしい補足")
    assert answer.status_code == 422
    assert "まだ送られていません" in answer.text
    assert "消えないでほしい補足" in answer.text
    assert rows(select(MessageReport.id)) == []
    for page in (content(haruka, path), answer.text.partition("<footer")[0]):
        assert "確認できる運営の担当者が、いまはほかにいません" in page
        assert 'href="/talk"' in page
        assert telephone in page
    moderators(world.mod, world.takumi)
    page = content(haruka, path)
    assert "読むのは、ひろば運営（たくみ）です" in page
    assert "いまはほかにいません" not in page
    assert report(haruka, bad).status_code == 303
    assert "運営のひどい言葉" in as_(world.takumi).page("/moderation")


def test_beside_a_moderator_s_message_the_others_can_still_be_reported(
    as_: As, world: World, plant_room: Callable[..., PlantedRoom], rows: Callable[..., list[Any]]
) -> None:
    room = plant_room("place", world.haruka, world.sora, world.mod, name="広場")
    other = say(as_(world.sora), room, "ひどい言葉")["id"]
    own = say(as_(world.mod), room, "運営の言葉")["id"]
    haruka = as_(world.haruka)
    answer = report(haruka, other, other, own)
    assert answer.status_code == 422
    assert "運営の担当者が書いたものを外すと、送れます" in answer.text
    assert rows(select(MessageReport.id)) == []
    assert report(haruka, other).status_code == 303


def test_the_only_moderator_reports_to_nobody_and_is_told_so(
    as_: As, world: World, plant_room: Callable[..., PlantedRoom], moderators: Callable[..., None]
) -> None:
    room = plant_room("place", world.haruka, world.mod, name="広場")
    bad = say(as_(world.haruka), room, "ひどい言葉")["id"]
    mod = as_(world.mod)
    assert "いまはほかにいません" in mod.page(f"/reports/new?message={bad}")
    assert 'href="/talk"' not in mod.page(f"/reports/new?message={bad}")
    assert report(mod, bad).status_code == 422
    moderators(world.mod, world.lead)
    assert report(mod, bad).status_code == 303
    assert "ひどい言葉" in as_(world.lead).page("/moderation")
