"""One act on many people: chosen by ticks or by the list, previewed, done, undone for a day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.db import session
from app.models import (
    Block,
    BulkAct,
    Group,
    GroupMember,
    Invitation,
    Member,
    Mentor,
    Post,
    Reaction,
    Role,
    Topic,
)
from app.office.bulk.operations import forget_old_acts, undo_act
from tests.conftest import NO_SUCH_ID, Client, World
from tests.office.test_people import invite, sent

REVIEW, ACT = "/hr/people/review", "/hr/people/act"


def reviewed(hr: Client, query: str = "", **typed: Any) -> tuple[str, dict[str, Any]]:
    """The preview, and what its button would send."""
    path = f"/hr/people/review?{query}"
    answer = hr.post(path, typed)
    assert answer.status_code == 200, answer.text
    seal = re.search(r'name="seal" value="([0-9a-f]+)"', answer.text)
    return answer.text, {**typed, "seal": seal[1] if seal else ""}


def done(hr: Client, query: str = "", **typed: Any) -> str:
    """Preview and act; the id of what was done."""
    _text, form = reviewed(hr, query, **typed)
    answer = hr.post(f"/hr/people/act?{query}", form)
    assert answer.status_code == 303, answer.text
    found = re.search(r"/hr/acts/([a-z2-7]{13})/undo", hr.page("/hr/acts"))
    return found[1] if found else ""


def undo(hr: Client, act_id: str) -> int:
    """The status of taking it back."""
    return hr.post(f"/hr/acts/{act_id}/undo").status_code


def place_of(rows: Any, person: Any) -> list[int]:
    """The groups somebody is in."""
    return rows(select(GroupMember.group_id).where(GroupMember.member_id == person.id))


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_chosen_is_refused_on_the_list(world: World, as_: Any) -> None:
    answer = as_(world.jinji).post(REVIEW, {"act": "group"})
    assert answer.status_code == 422
    assert "1名以上選んでください" in answer.text


def test_everybody_of_the_list_is_chosen_by_its_filter_and_a_change_is_told(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    for n in range(120):
        invite(write, world, f"招待{n}", kana=f"ア{n}", **sent(1))
    hr = as_(world.jinji)
    query = f"state=invited&cohort={world.april.public_id}"
    page = hr.page(f"/hr/people?{query}")
    assert "条件に合う120名すべてを選ぶ" in page
    typed = {"act": "invite", "whole": "y", "shown": "120"}
    text, form = reviewed(hr, query, **typed)
    assert "120名に招待メールを送信します" in text
    assert "いまは" not in text
    assert "ほか20名" in text
    assert 'name="people"' not in text
    invite(write, world, "あとから", kana="ン", **sent(1))
    refused = hr.post(f"/hr/people/act?{query}", form)
    assert refused.status_code == 422
    assert "対象が変わりました（いま121名）" in refused.text
    assert "一覧では120名でしたが、いまは121名です" in refused.text
    assert rows(select(func.count()).select_from(BulkAct)) == [0]
    _text, form = reviewed(hr, query, **typed)
    assert hr.post(f"/hr/people/act?{query}", form).status_code == 303


def test_the_same_number_of_other_people_is_a_change_too(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    invite(write, world, "一人目", **sent(1))
    hr = as_(world.jinji)
    _text, form = reviewed(hr, "state=invited", act="invite", whole="y", shown="1")

    def swap() -> None:
        session.delete(session.scalars(select(Invitation)).one())

    write(swap)
    invite(write, world, "二人目", **sent(1))
    assert hr.post("/hr/people/act?state=invited", form).status_code == 422
    assert rows(select(BulkAct.id)) == []


def test_people_who_are_gone_since_they_were_ticked_are_counted(world: World, as_: Any) -> None:
    hr = as_(world.jinji)
    text, _form = reviewed(hr, act="group", people=[world.ren.public_id, NO_SUCH_ID], target="none")
    assert "選んだうち1名は、いまはこの一覧にいません" in text


# ── letters ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_letters_go_to_those_who_have_not_joined_and_cannot_be_undone(
    world: World, as_: Any, write: Any, deliver: Any, letters: Any, acting: Any, rows: Any
) -> None:
    invite(write, world, "新 人", mail="nao@example.jp", **sent(4))
    hr = as_(world.jinji)
    [invited] = rows(select(Invitation.public_id))
    text, form = reviewed(hr, act="invite", people=[invited, world.sora.public_id])
    assert "1名に招待メールを送信します" in text
    assert "すでに参加しています" in text
    assert hr.post(ACT, form).status_code == 303
    page = hr.page("/hr/acts")
    assert "あと1通の招待メール" in page
    assert "送ったメールは取り消せません" in page
    assert "/undo" not in page
    [act_id] = rows(select(BulkAct.public_id))
    assert undo(hr, act_id) == 409
    deliver()
    assert [letter.to for letter in letters()] == ["新 人 <nao@example.jp>"]
    assert "通の招待メール" not in hr.page("/hr/acts")


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_group_is_changed_for_members_and_for_invited_people_and_put_back(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    invite(write, world, "新 人", **sent(1))
    write(lambda: session.add(Group(name="青葉", cohort_id=world.april.id)))
    [aoba] = rows(select(Group.public_id).where(Group.name == "青葉"))
    [aoba_key] = rows(select(Group.id).where(Group.name == "青葉"))
    before = place_of(rows, world.sora)
    hr, sora = as_(world.jinji), as_(world.sora)
    sora.page("/boards/wakaba")
    [invited] = rows(select(Invitation.public_id))
    people = [world.sora.public_id, world.yui.public_id, world.takumi.public_id, invited]
    text, _form = reviewed(hr, act="group", people=people, target=aoba)
    assert "2名を「2027年4月入社・青葉」に入れます" in text
    assert "この班とは入社時期が違います" in text
    assert "班に入るのは内定者だけです" in text
    act_id = done(hr, act="group", people=people, target=aoba)
    assert place_of(rows, world.sora) == [aoba_key]
    assert rows(select(Invitation.group_id)) == [aoba_key]
    assert sora.get("/boards/wakaba").status_code == 404
    assert undo(hr, act_id) == 303
    assert place_of(rows, world.sora) == before
    assert rows(select(Invitation.group_id)) == [None]
    sora.page("/boards/wakaba")
    assert undo(hr, act_id) == 404


def test_a_blocked_pair_is_left_out_and_nobody_learns_why(world: World, as_: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    typed = {"act": "group", "people": [world.ren.public_id], "target": world.group_id}
    text, form = reviewed(hr, **typed)
    assert "この班には入れられません。別の班を選んでください" in text
    assert "ブロック" not in text
    assert "対象になる方はいません" in text
    assert hr.post(ACT, form).status_code == 422
    assert place_of(rows, world.ren) == []


def test_two_who_do_not_meet_are_not_put_into_one_group_together(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    write(lambda: session.add(Group(name="青葉", cohort_id=world.april.id)))
    [aoba] = rows(select(Group.public_id).where(Group.name == "青葉"))
    hr = as_(world.jinji)
    people = [world.ren.public_id, world.haruka.public_id]
    done(hr, act="group", people=people, target=aoba)
    assert len(rows(select(GroupMember.member_id).join(Group).where(Group.name == "青葉"))) == 1


def test_undoing_leaves_whoever_was_changed_since_and_never_joins_a_blocked_pair(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    hr = as_(world.jinji)
    people = [world.sora.public_id, world.haruka.public_id]
    act_id = done(hr, act="group", people=people, target="none")
    assert place_of(rows, world.sora) == place_of(rows, world.haruka) == []
    hr.post(
        f"/hr/people/{world.ren.public_id}/group", {"group": world.group_id}
    )  # haruka's block stands against him
    assert undo(hr, act_id) == 303
    assert len(place_of(rows, world.sora)) == 1
    assert place_of(rows, world.haruka) == []
    assert "1名を元に戻しました。そのあとに変更があった1名は、いまのままです" in hr.page("/hr/acts")


def test_an_act_can_be_undone_for_a_day_by_whoever_did_it(
    world: World, as_: Any, acting: Any, rows: Any, held_clock: Any, app: Flask
) -> None:
    hr = as_(world.jinji)
    act_id = done(hr, act="group", people=[world.sora.public_id], target="none")
    assert undo(as_(world.lead), act_id) == 404
    assert "班の変更" not in as_(world.lead).page("/hr/acts")
    with held_clock(clock.now() + timedelta(days=1, seconds=1)), app.app_context():
        forget_old_acts()
    assert rows(select(BulkAct.id)) == []
    assert undo(hr, act_id) == 404


def test_an_act_past_its_day_is_missing_before_it_is_tidied(
    world: World, as_: Any, acting: Any, held_clock: Any
) -> None:
    from app.core.errors import NotFound

    act_id = done(as_(world.jinji), act="group", people=[world.sora.public_id], target="none")
    with held_clock(clock.now() + timedelta(days=1, seconds=1)), pytest.raises(NotFound):
        acting(world.jinji, undo_act, act_id)


# ── cohorts ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_change_of_cohort_moves_walls_at_once_with_everything_written_and_back(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    def react() -> None:
        post = session.scalars(select(Post.id)).first()
        session.add(
            Reaction(post_id=post, member_id=world.sora.id, name="thanks", member_cohort_id=world.april.id)
        )

    write(react)
    invite(write, world, "新 人", group_id=rows(select(Group.id))[0])
    [invited] = rows(select(Invitation.public_id))
    hr, haruka, yui = as_(world.jinji), as_(world.haruka), as_(world.yui)
    haruka.page(f"/topics/{world.topic_id}")
    assert yui.get(f"/topics/{world.topic_id}").status_code == 404
    act_id = done(hr, act="cohort", people=[world.sora.public_id, invited], target=world.october.public_id)
    assert haruka.get(f"/topics/{world.topic_id}").status_code == 404
    yui.page(f"/topics/{world.topic_id}")
    october = [world.october.id]
    assert rows(select(Topic.author_cohort_id)) == rows(select(Post.author_cohort_id)) == october
    assert rows(select(Reaction.member_cohort_id)) == october
    assert rows(select(Invitation.cohort_id)) == october
    assert rows(select(Invitation.group_id)) == [None]
    assert place_of(rows, world.sora) == []
    assert undo(hr, act_id) == 303
    haruka.page(f"/topics/{world.topic_id}")
    assert yui.get(f"/topics/{world.topic_id}").status_code == 404
    assert rows(select(Reaction.member_cohort_id)) == rows(select(Invitation.cohort_id)) == [world.april.id]
    assert rows(select(Invitation.group_id)) == rows(select(Group.id))
    assert len(place_of(rows, world.sora)) == 1


# ── mentors ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_mentor_is_assigned_to_several_candidates_and_put_back(world: World, as_: Any, rows: Any) -> None:
    hr = as_(world.jinji)
    people = [world.haruka.public_id, world.sora.public_id, world.naomi.public_id]
    first = done(hr, act="mentor", people=people, target=world.naomi.public_id)
    assert first
    assert set(rows(select(Mentor.candidate_id))) == {world.haruka.id, world.sora.id}
    second = done(hr, act="mentor", people=people[:1], target=world.takumi.public_id)
    found = rows(select(Mentor.employee_id).where(Mentor.candidate_id == world.haruka.id))
    assert found == [world.takumi.id]
    assert undo(hr, first) == 303  # haruka was changed since: only sora is put back
    assert rows(select(Mentor.candidate_id)) == [world.haruka.id]
    assert undo(hr, second) == 303
    assert rows(select(Mentor.employee_id)) == [world.naomi.id]


def test_a_mentor_somebody_blocked_is_refused_in_neutral_words(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    write(lambda: session.add(Block(blocker_id=world.haruka.id, blocked_id=world.takumi.id)))
    hr = as_(world.jinji)
    typed = {"act": "mentor", "people": [world.haruka.public_id], "target": world.takumi.public_id}
    text, _form = reviewed(hr, **typed)
    assert "この組み合わせにはできません" in text
    assert "ブロック" not in text


# ── 班を自動で作る ───────────────────────────────────────────────────────────────────────────────────────────


def test_groups_are_proposed_by_size_apart_from_blocks_and_made_as_shown(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    def many() -> None:
        for n in range(28):
            session.add(
                Member(roles=1, cohort_id=world.april.id, display_name=f"c{n}", display_fold=f"c{n}", bud=1,
                       legal_name=f"人 {n}", kana="カ", pace="read" if n == 0 else "few")
            )  # fmt: skip

    write(many)
    write(
        lambda: session.add_all(
            Block(blocker_id=world.ren.id, blocked_id=key)
            for key in session.scalars(
                select(Member.id).where(Member.legal_name.in_(["人 1", "人 2", "人 3"]))
            )
        )
    )
    invite(write, world, "新 人", **sent(1))
    hr = as_(world.jinji)
    path = f"/hr/cohorts/{world.april.public_id}/grouping"
    page = hr.page(f"/hr/cohorts/{world.april.public_id}/grouping?size=6&seed=7")
    # ren, 28 others and the invited one; whoever reads only as well, since that is theirs to know
    assert "5つの班を作り、30名を入れます" in page
    assert "自動では決めていない方" not in page
    assert hr.page(f"{path}?size=6&seed=8") != page
    seal = re.search(r'name="seal" value="([0-9a-f]+)"', page)
    assert seal is not None
    assert hr.post(f"{path}?size=6&seed=8", {"seal": seal[1]}).status_code == 422
    assert rows(select(func.count()).select_from(Group)) == [1]
    assert hr.post(f"{path}?size=6&seed=7", {"seal": seal[1]}).status_code == 303
    made = rows(select(Group.id).where(Group.name != "若葉"))
    sizes = [len(rows(select(GroupMember.member_id).where(GroupMember.group_id == key))) for key in made]
    assert sum(sizes) == 29
    assert 5 <= max(sizes) <= 7
    together = rows(select(GroupMember.member_id).where(GroupMember.group_id.in_(place_of(rows, world.ren))))
    apart = rows(select(Block.blocked_id).where(Block.blocker_id == world.ren.id))
    assert not set(together) & set(apart)
    assert rows(select(Invitation.group_id))[0] in made
    assert place_of(rows, world.yui) == []
    [act_id] = rows(select(BulkAct.public_id))
    assert undo(hr, act_id) == 303
    assert rows(select(Group.name)) == ["若葉"]
    assert rows(select(Invitation.group_id)) == [None]


# ── for whom it exists ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", ["haruka", "takumi", "mod", "desk", "audit"])
def test_for_everybody_outside_hr_none_of_this_exists(world: World, as_: Any, who: str) -> None:
    client = as_(world.people[who])
    grouping = f"/hr/cohorts/{world.april.public_id}/grouping"
    for path in ("/hr/people", "/hr/acts", "/hr/mentors", grouping):
        assert client.get(path).status_code == 404
    for path in (
        REVIEW,
        ACT,
        grouping,
        "/hr/people/views",
        f"/hr/people/views/{NO_SUCH_ID}/forget",
        f"/hr/acts/{NO_SUCH_ID}/undo",
        f"/hr/groups/{world.group_id}/close",
    ):
        assert client.post(path, {"people": [world.sora.public_id], "act": "group"}).status_code == 404


def test_the_administrator_lists_people_but_arranges_nobody(world: World, as_: Any) -> None:
    admin = as_(world.admin)
    assert 'name="people"' not in admin.page("/hr/people")
    typed = {"act": "group", "people": [world.sora.public_id], "target": "none"}
    assert admin.post(REVIEW, typed).status_code == 404
    assert admin.post(ACT, {**typed, "seal": "x"}).status_code == 404


def test_a_target_there_is_not_is_missing_and_none_at_all_is_asked_for(world: World, as_: Any) -> None:
    hr = as_(world.jinji)
    typed = {"act": "group", "people": [world.sora.public_id]}
    assert hr.post(REVIEW, {**typed, "target": NO_SUCH_ID}).status_code == 404
    text, form = reviewed(hr, **typed)
    assert "名を変更する" not in text
    assert hr.post(ACT, form).status_code == 422
    assert hr.post(REVIEW, {**typed, "act": "delete"}).status_code == 422
    assert hr.post(REVIEW, {**typed, "people": ["x"]}).status_code == 422


def test_preview_and_act_ask_the_database_no_more_often_for_many(
    world: World, as_: Any, write: Any, queries: Any
) -> None:
    hr = as_(world.jinji)

    def counted() -> tuple[int, int]:
        typed = {"act": "group", "whole": "y", "target": world.group_id}
        query = f"cohort={world.april.public_id}&group=none"
        _warm = reviewed(hr, query, **typed)
        with queries() as seen:
            reviewed(hr, query, **typed)
        return len([one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))]), len(seen)

    few = counted()

    def grow() -> None:
        for n in range(80):
            session.add(
                Member(roles=int(Role.CANDIDATE), cohort_id=world.april.id, display_name=f"c{n}",
                       display_fold=f"c{n}", bud=1)
            )  # fmt: skip

    write(grow)
    assert counted()[0] == few[0] <= 8
