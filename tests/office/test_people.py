"""HR's list of people: members and those invited side by side, filters, order, kept filters, mentors."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.db import session
from app.core.events import OutboxRow
from app.models import (
    Announcement,
    AnnouncementRecipient,
    Block,
    Community,
    Group,
    Invitation,
    Member,
    Mentor,
    Role,
    SavedView,
)
from app.office.people.cards import STATES
from tests.conftest import NO_SUCH_ID, World, opened


def names(text: str) -> list[str]:
    """The people of a list, in order."""
    return re.findall(r'<th scope="row"><a href="/hr/[a-z]+/[a-z2-7]{13}"><bdi>([^<]*)</bdi>', text)


def invite(write: Any, world: World, name: str, **more: Any) -> None:
    """Somebody HR invited."""
    values = {
        "mail": f"{name}@example.jp",
        "legal_name": name,
        "kana": "",
        "roles": int(Role.CANDIDATE),
        "cohort_id": world.april.id,
        "secret_hash": name,
        **more,
    }
    write(lambda: session.add(Invitation(**values)))


def sent(days: int, *, until: int = 7) -> dict[str, Any]:
    """A letter that left some days ago."""
    return {
        "sent_at": clock.now() - timedelta(days=days),
        "expires_at": clock.now() + timedelta(days=until - days),
    }


def test_people_who_have_not_joined_stand_among_the_others_with_the_state_of_their_letter(
    world: World, as_: Any, write: Any, app: Flask
) -> None:
    invite(write, world, "未送 信", kana="アイ")
    invite(write, world, "招待 済", kana="ン", **sent(1))
    invite(write, world, "遅れ 中", **sent(4))
    invite(write, world, "期限 切", **sent(9))
    invite(write, world, "届か ず", **sent(1))
    invite(write, world, "取消 済", revoked_at=clock.now())
    hr = as_(world.jinji)
    stuck = session_scalar(app, select(Invitation.id).where(Invitation.legal_name == "届か ず"))

    def fail() -> None:
        session.add(
            OutboxRow(
                fact="InvitationSent",
                listener="x",
                payload={"invitation_id": stuck, "nonce": ""},
                key="k",
                attempts=3,
                due_at=clock.now() + timedelta(hours=1),
            )
        )

    write(fail)
    text = hr.page("/hr/people")
    found = names(text)
    assert found[0] == "未送 信"
    assert found[-4] == "招待 済"
    assert set(found[-3:]) == {"届か ず", "期限 切", "遅れ 中"}  # without kana they stand last
    assert "取消 済" not in text
    wanted = {
        "unsent": "未送 信",
        "sent": "招待 済",
        "late": "遅れ 中",
        "expired": "期限 切",
        "failed": "届か ず",
    }
    for state, name in wanted.items():
        assert names(hr.page(f"/hr/people?state={state}")) == [name]
        assert str(STATES[state]) in text
    assert set(names(hr.page("/hr/people?state=invited"))) == {*wanted.values()}
    desk = hr.page("/hr")
    for line in (
        "まだ送っていない招待 1件",
        "3日以上お返事のない招待 1件",
        "期限が切れた招待 1件",
        "送信できていない招待 1件",
    ):
        assert line in desk


def session_scalar(app: Flask, statement: Any) -> Any:
    """One value for a check."""
    with app.app_context():
        return session.scalar(statement)


def test_filters_combine_and_their_counts_are_those_of_the_list(world: World, as_: Any, write: Any) -> None:
    invite(write, world, "田中 花", kana="タナカ ハナ", **sent(1))
    invite(write, world, "田中 実", kana="タナカ ミノル", cohort_id=world.october.id)
    hr = as_(world.jinji)
    path = f"/hr/people?q=たなか&cohort={world.april.public_id}&state=sent&group=none"
    text = hr.page(path)
    assert names(text) == ["田中 花"]
    assert "<strong>1名</strong>" in text
    assert "招待済み 1" in text
    assert "未送信 0" in text
    assert names(hr.page("/hr/people?q=たなか")) == ["田中 花", "田中 実"]
    assert names(hr.page("/hr/people?role=employee&q=たなか")) == []
    assert names(hr.page("/hr/people?mentor=none&q=たなか")) == []


def test_pages_end_where_the_next_begins_with_equal_and_missing_kana(
    world: World, as_: Any, write: Any
) -> None:
    def many() -> None:
        for n in range(130):
            kana = ("サトウ", "サトウ", "")[n % 3]
            session.add(
                Member(roles=1, cohort_id=world.april.id, display_name=f"c{n}", display_fold=f"c{n}", bud=1,
                       legal_name=f"佐藤 {n % 7}", kana=kana)
            )  # fmt: skip
        for n in range(100):
            session.add(
                Invitation(mail=f"i{n}@example.jp", legal_name=f"鈴木 {n % 5}", kana=("スズキ", "")[n % 2], roles=1,
                           secret_hash=f"i{n}", cohort_id=world.april.id)
            )  # fmt: skip

    write(many)
    hr = as_(world.jinji)
    path, seen, pages = "/hr/people?q=木", [], 0
    while path:
        text = hr.page(path)
        seen += re.findall(r'href="(/hr/(?:people|invitations)/[a-z2-7]{13})"><bdi>', text)
        onward = re.search(r'rel="next" href="([^"]+)"', text)
        path = onward[1].replace("&amp;", "&") if onward else ""
        pages += 1
    assert (pages, len(seen)) == (1, 100)
    path, seen = "/hr/people", []
    while path:
        text = hr.page(path)
        seen += re.findall(r'href="(/hr/(?:people|invitations)/[a-z2-7]{13})"><bdi>', text)
        onward = re.search(r'rel="next" href="([^"]+)"', text)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert len(seen) == len(set(seen)) == 234


def test_somebody_who_left_the_narrowed_list_still_marks_the_page(
    world: World, as_: Any, acting: Any, write: Any
) -> None:
    """A cursor is a person of the whole list: a change of state does not throw HR back to the start."""

    def name_them() -> None:
        for key, kana in {"sora": "ア", "ren": "カ", "haruka": "サ", "yui": "タ"}.items():
            session.get_one(Member, world.people[key].id).kana = kana
        session.get_one(Member, world.ren.id).suspended_at = clock.now()

    write(name_them)
    hr = as_(world.jinji)
    path = f"/hr/people?state=joined&after={world.ren.public_id}"
    assert names(hr.page(path)) == ["はるか 氏名", "ゆい 氏名"]
    path = f"/hr/people?state=joined&before={world.ren.public_id}"
    assert names(hr.page(path)) == ["そら 氏名"]


def test_a_filter_is_kept_for_its_owner_alone(world: World, as_: Any, rows: Any) -> None:
    hr, lead = as_(world.jinji), as_(world.lead)
    path = "/hr/people/views?role=candidate&group=none"
    assert hr.post(path, {"name": ""}).status_code == 422
    assert hr.post(path, {"name": "班が未定"}).status_code == 303
    assert hr.post("/hr/people/views?role=candidate&state=joined", {"name": "班が未定"}).status_code == 303
    assert rows(select(SavedView.query)) == ["role=candidate&state=joined"]
    assert "班が未定" in hr.page("/hr/people")
    assert "班が未定" not in lead.page("/hr/people")
    [view_id] = rows(select(SavedView.public_id))
    assert lead.post(f"/hr/people/views/{view_id}/forget").status_code == 404
    assert lead.post(f"/hr/people/views/{NO_SUCH_ID}/forget").status_code == 404
    assert hr.post(f"/hr/people/views/{view_id}/forget").status_code == 303
    assert rows(select(SavedView.id)) == []


def test_kept_filters_have_an_end(world: World, as_: Any, write: Any, rows: Any) -> None:
    write(
        lambda: session.add_all(SavedView(owner_id=world.jinji.id, name=f"n{n}", query="") for n in range(20))
    )
    answer = as_(world.jinji).post("/hr/people/views?group=none", {"name": "もう1つ"})
    assert answer.status_code == 422
    assert "20件まで" in answer.text
    assert rows(select(func.count()).select_from(SavedView)) == [20]


def test_a_rule_nobody_has_accepted_yet_is_told_as_procedure(world: World, as_: Any, write: Any) -> None:
    write(lambda: setattr(session.get_one(Community, 1), "rules_version", 2))
    write(lambda: setattr(session.get_one(Member, world.sora.id), "rules_version", 2))
    write(lambda: setattr(session.get_one(Member, world.jinji.id), "rules_version", 2))
    hr = as_(world.jinji)
    assert names(hr.page("/hr/people?state=joined")) == ["そら 氏名"]
    assert set(names(hr.page("/hr/people?state=rules"))) == {"はるか 氏名", "れん 氏名", "ゆい 氏名"}


@pytest.mark.parametrize("path", ["/hr", "/hr/people", "/hr/mentors", "/hr/acts"])
def test_hr_sees_no_time_of_anything_a_person_did(world: World, as_: Any, path: str) -> None:
    text = as_(world.jinji).page(path)
    main = text[text.index("<main") : text.index("</main>")]
    assert "<time" not in main
    for word in ("最終", "ログイン", "既読", "閲覧"):
        assert word not in main


# ── mentors ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_mentor_and_the_candidate_see_each_other_on_their_own_page_and_nobody_else_does(
    world: World, as_: Any, write: Any
) -> None:
    write(lambda: session.add(Mentor(candidate_id=world.haruka.id, employee_id=world.takumi.id)))
    haruka, takumi = as_(world.haruka).page("/me"), as_(world.takumi).page("/me")
    assert "あなたのメンター" in haruka
    assert f"/people/{world.takumi.public_id}" in haruka
    assert "担当している内定者" in takumi
    assert f"/people/{world.haruka.public_id}" in takumi
    for other in (world.sora, world.naomi, world.mod):
        text = as_(other).page("/me")
        assert "メンター" not in text
        assert "担当している内定者" not in text
    hr = as_(world.jinji)
    assert "たくみ 氏名" in hr.page("/hr/mentors")
    assert "メンターが決まっていない内定者 3名" in hr.page("/hr/mentors")
    assert "たくみ 氏名" in opened(hr, world.haruka)
    assert "はるか 氏名" in opened(hr, world.takumi)
    assert "はるか 氏名" not in names(hr.page("/hr/people?mentor=none"))


def test_a_block_hides_the_two_from_each_other(world: World, as_: Any, write: Any) -> None:
    write(lambda: session.add(Mentor(candidate_id=world.haruka.id, employee_id=world.takumi.id)))
    write(lambda: session.add(Block(blocker_id=world.haruka.id, blocked_id=world.takumi.id)))
    assert "あなたのメンター" not in as_(world.haruka).page("/me")
    assert "担当している内定者" not in as_(world.takumi).page("/me")


def test_whoever_leaves_leaves_no_pair_behind(world: World, as_: Any, write: Any, rows: Any) -> None:
    write(lambda: session.add(Mentor(candidate_id=world.haruka.id, employee_id=world.takumi.id)))
    as_(world.jinji).post(f"/hr/people/{world.haruka.public_id}/end", {"reason": "辞退のため"})
    assert rows(select(Mentor.candidate_id)) == []


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_groups_are_made_at_once_and_an_empty_one_can_go(world: World, as_: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    cohort = f"/hr/cohorts/{world.april.public_id}"
    assert (
        hr.post(f"/hr/cohorts/{world.april.public_id}/groups", {"names": " 青葉 \n\n双葉"}).status_code == 303
    )
    assert "青葉（0名）" in hr.page(cohort)
    refused = hr.post(f"{cohort}/groups", {"names": "楓\nすみれ\n若葉"})
    assert refused.status_code == 422
    assert "同じ名前の班があります" in refused.text
    assert set(rows(select(Group.name))) == {"若葉", "青葉", "双葉"}
    [aoba] = rows(select(Group.public_id).where(Group.name == "青葉"))
    assert "この班を削除する" in hr.page(f"/hr/groups/{aoba}")
    assert "この班を削除する" not in hr.page(f"/hr/groups/{world.group_id}")
    assert hr.post(f"/hr/groups/{aoba}/close").status_code == 303
    assert hr.post(f"/hr/groups/{world.group_id}/close").status_code == 409
    assert hr.post(f"/hr/groups/{NO_SUCH_ID}/close").status_code == 404
    assert set(rows(select(Group.name))) == {"若葉", "双葉"}


# ── announcements and boards ─────────────────────────────────────────────────────────────────────────────────


def test_the_desk_names_announcements_that_wait_and_counts_no_person(
    world: World, as_: Any, write: Any
) -> None:
    today = clock.now().date()

    def announce() -> None:
        for state, more in (
            ("draft", {}),
            ("scheduled", {"scheduled_at": clock.now()}),
            ("scheduled", {"scheduled_at": clock.now() + timedelta(days=2)}),
            ("sent", {"sent_at": clock.now(), "names_from": today, "counted_on": today}),
            ("sent", {"sent_at": clock.now(), "names_from": today}),  # its morning is not counted yet
            ("sent", {"sent_at": clock.now(), "names_from": today + timedelta(days=2)}),
            ("sent", {"sent_at": clock.now(), "names_from": today - timedelta(days=1)}),
        ):
            row = Announcement(state=state, title="知らせ", renderer_version=1, **more)
            session.add(row)
            session.flush()
            if state == "sent":
                session.add(
                    AnnouncementRecipient(
                        announcement_id=row.id,
                        public_id=row.public_id,
                        member_id=world.sora.id,
                        is_counted=row.names_from < today,
                    )
                )

    with clock.hold(clock.now()):
        write(announce)
        text = as_(world.jinji).page("/hr")
    assert "下書きのお知らせ 1件" in text
    assert "今日送信するお知らせ 1件" in text
    assert "名簿表示日を過ぎたお知らせ 1件" in text


def test_boards_are_put_in_order_without_numbers(world: World, as_: Any) -> None:
    hr = as_(world.jinji)

    def order() -> list[str]:
        return re.findall(r'class="stretched" href="/hr/boards/([a-z-]+)"', hr.page("/hr/boards"))

    assert order() == ["square", "april", "news", "wakaba"]
    assert hr.post("/hr/boards/news/up").status_code == 303
    assert order() == ["square", "news", "april", "wakaba"]
    assert hr.post("/hr/boards/square/down").status_code == 303
    assert hr.post("/hr/boards/news/up").status_code == 303
    assert order() == ["news", "square", "april", "wakaba"]
    assert hr.post("/hr/boards/no-such-board/up").status_code == 404
    assert as_(world.takumi).post("/hr/boards/square/up").status_code == 404


def test_a_board_put_away_is_read_and_not_written_on_until_it_comes_back(world: World, as_: Any) -> None:
    hr, sora = as_(world.jinji), as_(world.sora)
    assert hr.post("/hr/boards/square/archive").status_code == 303
    assert "閉じています（読むだけ）" in hr.page("/hr/boards")
    sora.page(f"/topics/{world.topic_id}")
    refused = sora.post(f"/topics/{world.topic_id}/replies", {"body": "返事"})
    assert refused.status_code in {403, 422}
    assert hr.post("/hr/boards/square/reopen").status_code == 303
    assert sora.post(f"/topics/{world.topic_id}/replies", {"body": "返事"}).status_code == 303
