"""Two worlds that differ only in what somebody may not see: for them every page is the same, byte for byte.

Status, headers, body and the sequence of SQL statements are compared. Controls at the end leak on purpose, so that
a comparison which sees nothing is found out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.boards.operations import (
    hide_post,
    hide_topic,
    open_board,
    reply_to_topic,
    set_reaction,
    start_topic,
)
from app.boards.queries import topic_page
from app.bookmarks.operations import (
    mark_all_read,
    mark_board_read,
    move_bookmark,
    save_post,
    set_level,
)
from app.core.db import session
from app.core.names import fold
from app.invitations.cards import Invitee
from app.invitations.operations import invite_person, send_invitations
from app.models import Block, Group, GroupMember, Member, MemberSession, Role
from app.office.places.operations import open_group
from app.people.operations import block_person
from tests.conftest import NO_SUCH_ID, NOON, counted_queries

LATER = NOON + timedelta(hours=2)
PAGES = (
    "/",
    "/boards",
    "/boards/square",
    "/boards/april",
    "/boards/news",
    "/boards/wakaba",
    "/boards/square/new",
    "/topics/{topic}",
    "/posts/{first_post}",
    "/posts/{first_post}/acts",
    "/people",
    "/people?tab=candidates",
    "/people?tab=staff",
    "/people?q=ren",
    "/people?q=%E3%82%8C&tab=candidates",
    "/people/{ren}",
    "/people/{yui}",
    "/people/{nobody}",
    "/topics/{nobody}",
    "/posts/{nobody}",
    "/posts/{nobody}/acts",
    "/boards/{nobody}",
    "/boards/square?after={nobody}",
    "/topics/{topic}?after={nobody}",
    "/people?after={nobody}",
    "/topics/{topic}?unread=1",
    "/topics/{topic}?last=1",
    "/api/topics/{topic}/news?after={first_post}",
    "/boards/square/archive",
    "/me",
    "/me/saved",
    "/me/blocks",
    "/me/profile",
    "/me/privacy",
    "/me/data",
    "/me/export",
    "/rules",
    "/notices",
    "/me/notices",
)
_CHANGING = {"Date", "Set-Cookie", "X-Request-ID"}
_ONE_OF_MANY = re.compile(r'name="(csrf_token|submission_key)"[^>]*value="[^"]+"')


@dataclass(frozen=True)
class Seen:
    """What one page gave away: its answer, and the statements it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    statements: tuple[str, ...]


def _shape(statement: str) -> str:
    """A statement before its lists were filled in: how many people somebody blocks is no part of it."""
    filled = re.sub(r"IN \((?:[^()]|\([^()]*\))*\)", "IN (…)", statement)
    return re.sub(r"\(?IN \(…\) AND \(1 != 1\)\)?", "IN (…)", filled)


def look(client: Any, path: str) -> Seen:
    """Open a page twice and keep the second: the first may still fill what is kept in memory."""
    client.get(path)
    with counted_queries() as statements:
        answer = client.get(path)
    return Seen(
        answer.status_code,
        tuple((key, value) for key, value in answer.headers if key not in _CHANGING),
        _ONE_OF_MANY.sub("", answer.text),
        tuple(map(_shape, statements)),
    )


@pytest.fixture
def crawl(app: Any, world: Any, as_: Any, held_clock: Any) -> Callable[..., dict[str, Seen]]:
    """Opens every page as this person; the names in the addresses may lead elsewhere for once."""

    def everything(person: Any, **places: str) -> dict[str, Seen]:
        known = {
            "topic": world.topic_id,
            "first_post": world.first_post_id,
            "ren": world.ren.public_id,
            "yui": world.yui.public_id,
            "nobody": NO_SUCH_ID,
            **places,
        }
        with held_clock(LATER):
            client = as_(person)
            return {path: look(client, path.format(**known)) for path in PAGES}

    return everything


def same(one: dict[str, Seen], other: dict[str, Seen], *, but: tuple[str, ...] = ()) -> None:
    """Fail at the first page that tells the two worlds apart."""
    for path, seen in one.items():
        if path in but:
            continue
        assert seen.status == other[path].status, path
        assert seen.headers == other[path].headers, path
        assert seen.body == other[path].body, path
        assert seen.statements == other[path].statements, path


# ── what others write ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("viewer", "author"),
    [("haruka", "ren"), ("ren", "haruka"), ("haruka", "yui"), ("sora", "yui"), ("yui", "ren")],
)
def test_what_somebody_behind_a_block_or_a_wall_writes_changes_nothing(
    world: Any, acting: Any, crawl: Any, viewer: str, author: str
) -> None:
    person, other = getattr(world, viewer), getattr(world, author)
    before = crawl(person)
    topic_id = acting(other, start_topic, "square", title="あ" * 100, body="見えない人の投稿")
    acting(other, reply_to_topic, topic_id, body="見えない人の返信")
    # Whoever is walled from the topic's author cannot reply to it either.
    if author != "yui" and viewer != "yui":
        acting(other, reply_to_topic, world.topic_id, body="見えない人の返信")
    same(before, crawl(person))
    for number in range(25):
        acting(other, start_topic, "square", title=f"題{number}", body="ページが増えるほど")
    same(before, crawl(person))


@pytest.mark.parametrize("viewer", ["haruka", "sora", "takumi", "jinji"])
def test_what_a_moderator_has_hidden_never_was(world: Any, acting: Any, crawl: Any, viewer: str) -> None:
    before = crawl(getattr(world, viewer))
    topic_id = acting(world.naomi, start_topic, "square", title="隠された題", body="隠された文")
    post_id = acting(world.naomi, reply_to_topic, world.topic_id, body="隠された返信")
    acting(world.mod, hide_topic, topic_id, reason="確認のためです")
    acting(world.mod, hide_post, post_id, reason="確認のためです")
    same(before, crawl(getattr(world, viewer)))
    at_hidden = crawl(getattr(world, viewer), nobody=topic_id)
    same(before, at_hidden, but=("/people?after={nobody}", "/boards/{nobody}"))
    same(before, crawl(getattr(world, viewer), nobody=post_id))


def test_a_place_behind_something_hidden_is_no_place(
    world: Any, acting: Any, as_: Any, held_clock: Any
) -> None:
    hidden = acting(world.ren, start_topic, "square", title="見えない", body="文")
    reply = acting(world.ren, reply_to_topic, world.topic_id, body="文")
    with held_clock(LATER):
        haruka = as_(world.haruka)
        for path, place in (
            ("/boards/square?after={}", hidden),
            ("/boards/square?before={}", hidden),
            (f"/topics/{world.topic_id}?after={{}}", reply),
            (f"/topics/{world.topic_id}?before={{}}", reply),
            ("/people?tab=candidates&after={}", world.ren.public_id),
            ("/people?tab=candidates&before={}", world.yui.public_id),
            ("/people/{}", world.ren.public_id),
            ("/people/{}", world.yui.public_id),
            ("/topics/{}", hidden),
            ("/posts/{}", reply),
            ("/posts/{}/hide", reply),
        ):
            assert look(haruka, path.format(place)) == look(haruka, path.format(NO_SUCH_ID)), path


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/topics/{}/replies", {"body": "返信"}),
        ("/topics/{}/replies", {"body": ""}),
        ("/topics/{}/hide", {"reason": "x"}),
        ("/topics/{}/reveal", {}),
    ],
)
def test_acting_on_something_hidden_is_acting_on_nothing(
    world: Any, acting: Any, as_: Any, path: str, typed: dict[str, str]
) -> None:
    hidden = acting(world.ren, start_topic, "square", title="見えない", body="文")
    haruka = as_(world.haruka)
    answers = [haruka.post(path.format(place), typed) for place in (hidden, NO_SUCH_ID)]
    assert answers[0].status_code == answers[1].status_code == 404
    assert _ONE_OF_MANY.sub("", answers[0].text) == _ONE_OF_MANY.sub("", answers[1].text)


@pytest.mark.parametrize("act", ["block", "unblock"])
def test_blocking_somebody_who_blocked_oneself_is_blocking_nobody(world: Any, as_: Any, act: str) -> None:
    ren = as_(world.ren)
    for person in (world.haruka.public_id, world.yui.public_id):
        one, other = (ren.post(f"/people/{place}/{act}") for place in (person, NO_SUCH_ID))
        assert one.status_code == other.status_code == 404
        assert _ONE_OF_MANY.sub("", one.text) == _ONE_OF_MANY.sub("", other.text)


# ── what others keep for themselves ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("viewer", ["haruka", "sora", "takumi", "jinji", "mod"])
def test_how_far_others_read_what_they_saved_and_wish_to_hear_changes_nothing(
    world: Any, acting: Any, crawl: Any, viewer: str
) -> None:
    """Bookmark, level and saved post of somebody else: for author, HR and moderators as well."""
    person = getattr(world, viewer)
    post_id = acting(world.naomi, reply_to_topic, world.topic_id, body="見える返信")
    before = crawl(person)
    for other in (world.ren, world.naomi, world.lead):
        acting(other, move_bookmark, world.topic_id, post_id)
        acting(other, set_level, world.topic_id, "mute")
        acting(other, save_post, post_id)
        acting(other, mark_board_read, "square")
        acting(other, mark_all_read)
    same(before, crawl(person))


def test_a_reaction_behind_a_block_or_a_wall_was_never_given(world: Any, acting: Any, crawl: Any) -> None:
    topic_id = acting(world.takumi, start_topic, "square", title="みんなの話題", body="本文")
    first = acting(world.takumi, topic_page, topic_id).posts[0].id
    before = crawl(world.haruka, topic=topic_id)
    for other in (world.ren, world.yui):
        acting(other, set_reaction, first, "cheer", True)
    same(before, crawl(world.haruka, topic=topic_id))


def test_a_quote_of_something_one_does_not_see_is_no_quote(world: Any, acting: Any, crawl: Any) -> None:
    """The same answer with and without a quote of a blocked person's post."""
    seen = []
    for quoted in (False, True):
        topic_id = acting(world.takumi, start_topic, "square", title="題", body="本文")
        blocked = acting(world.ren, reply_to_topic, topic_id, body="見えない")
        answer = acting(world.sora, reply_to_topic, topic_id, body="答え", quoted=blocked if quoted else None)
        page = acting(world.haruka, topic_page, topic_id)
        seen.append([(post.quote, post.reactions, post.files) for post in page.posts])
        assert [post.id for post in page.posts][1:] == [answer]
    assert seen[0] == seen[1]


# ── who is there ─────────────────────────────────────────────────────────────────────────────────────────────


def _newcomer(world: Any, name: str, cohort_id: int | None, roles: Role) -> Member:
    return Member(
        mail=f"{fold(name)}@new.example.jp",
        roles=int(roles),
        cohort_id=cohort_id,
        legal_name=name,
        display_name=name,
        display_fold=fold(name),
        bud=3,
        rules_version=1,
        is_demo=True,
    )


@pytest.mark.parametrize("name", ["ああ最初の人", "んん最後の人", "れん", "はるか", "そら"])
def test_somebody_new_behind_a_wall_is_nobody_new(world: Any, write: Any, crawl: Any, name: str) -> None:
    """Whatever they are called: first or last in a list, found by a search, or of one's own name."""
    before = crawl(world.haruka)
    write(lambda: session.add(_newcomer(world, name, world.october.id, Role.CANDIDATE)))
    same(before, crawl(world.haruka))


def test_a_stranger_who_blocks_me_leaves_as_if_never_here(world: Any, write: Any, crawl: Any) -> None:
    before = crawl(world.sora)

    def come_and_block() -> None:
        newcomer = _newcomer(world, "あたらしい人", world.april.id, Role.CANDIDATE)
        session.add(newcomer)
        session.flush()
        session.add(Block(blocker_id=newcomer.id, blocked_id=world.sora.id))
        session.get_one(Member, world.sora.id).version += 1

    write(come_and_block)
    same(before, crawl(world.sora))


def test_an_employee_who_blocks_me_is_in_no_list_and_in_no_refusal_of_a_name(
    world: Any, write: Any, crawl: Any, as_: Any
) -> None:
    before = crawl(world.haruka)

    def come_and_block() -> None:
        newcomer = _newcomer(world, "佐々木", None, Role.EMPLOYEE)
        session.add(newcomer)
        session.flush()
        session.add(Block(blocker_id=newcomer.id, blocked_id=world.haruka.id))
        session.get_one(Member, world.haruka.id).version += 1

    write(come_and_block)
    same(before, crawl(world.haruka))
    profile = {"display_name": "佐々木", "bud": "1", "pace": "few", "language": "ja"}
    assert as_(world.sora).post("/me/profile", profile).status_code == 422
    assert as_(world.haruka).post("/me/profile", profile).status_code == 303


def test_invitations_groups_cohorts_boards_and_sessions_of_others_change_nothing(
    world: Any, acting: Any, write: Any, crawl: Any
) -> None:
    before = crawl(world.haruka)
    invitee = Invitee(mail="new@example.jp", legal_name="あたらしい人", cohort=world.april.public_id)
    invitation_id = acting(world.jinji, invite_person, invitee)
    acting(world.jinji, send_invitations, [invitation_id])
    acting(world.jinji, open_group, world.april.public_id, name="双葉")
    acting(
        world.jinji, open_board, name="社員だけ", slug="staff", readers=("employees",), writers=("employees",)
    )
    acting(world.jinji, open_board, name="10月", readers=(f"cohort:{world.october.public_id}",))
    acting(world.sora, block_person, world.naomi.public_id)
    write(lambda: session.add(GroupMember(group_id=_group_id(), member_id=world.ren.id)))
    write(
        lambda: session.add(
            MemberSession(member_id=world.ren.id, secret_hash="x" * 64, device="", expires_on=LATER.date())
        )
    )
    same(before, crawl(world.haruka))


def _group_id() -> int:
    return session.scalars(select(Group.id).where(Group.name == "若葉")).one()


# ── outside ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_outside_an_address_of_something_and_one_of_nothing_are_one_answer(world: Any, anyone: Any) -> None:
    door = anyone()
    for path in ("/topics/{}", "/posts/{}", "/people/{}", "/hr/people/{}", "/admin/roles/{}"):
        for known in (world.topic_id, world.first_post_id, world.haruka.public_id):
            one, other = (door.get(path.format(place)) for place in (known, NO_SUCH_ID))
            assert one.status_code == other.status_code == 302
            assert one.location.replace(known, "") == other.location.replace(NO_SUCH_ID, "")


@pytest.mark.parametrize("path", ["/sign-in/link", "/password/forgot"])
def test_outside_a_member_and_a_stranger_get_one_answer_and_as_many_statements(
    world: Any, anyone: Any, changed_settings: Any, path: str
) -> None:
    changed_settings(mail_url="smtp://127.0.0.1:9")
    seen = []
    for mail in (world.haruka.mail, "stranger@example.jp", world.jinji.mail, "other@example.jp"):
        door = anyone()
        door.page("/sign-in")
        with counted_queries() as statements:
            answer = door.post(path, {"mail": mail})
        seen.append((answer.status_code, answer.location, tuple(map(_shape, statements))))
    assert seen[0][0] == 302
    assert len(set(seen)) == 1


def test_outside_a_wrong_password_costs_the_same_for_everybody(world: Any, anyone: Any) -> None:
    seen = []
    for mail in (world.haruka.mail, "stranger@example.jp", world.jinji.mail):
        door = anyone()
        door.page("/sign-in")
        with counted_queries() as statements:
            answer = door.post("/sign-in", {"email": mail, "password": "wrong wrong wrong"})
        text = _ONE_OF_MANY.sub("", answer.text).replace(mail, "")
        seen.append((answer.status_code, text, tuple(map(_shape, statements))))
    assert len(set(seen)) == 1


# ── controls ─────────────────────────────────────────────────────────────────────────────────────────────────


def _write_visibly(world: Any, acting: Any) -> None:
    acting(world.takumi, reply_to_topic, world.topic_id, body="見える返信")


def _open_visibly(world: Any, acting: Any) -> None:
    acting(world.jinji, open_board, name="内定者の部屋", readers=("candidates",))


@pytest.mark.parametrize("leak", [_write_visibly, _open_visibly])
def test_the_comparison_sees_what_can_be_seen(world: Any, acting: Any, crawl: Any, leak: Any) -> None:
    before = crawl(world.haruka)
    leak(world, acting)
    with pytest.raises(AssertionError):
        same(before, crawl(world.haruka))


def test_the_comparison_counts_statements(world: Any, crawl: Any) -> None:
    seen = crawl(world.haruka)
    leaking = {
        path: Seen(each.status, each.headers, each.body, (*each.statements, "SELECT 1"))
        for path, each in seen.items()
    }
    with pytest.raises(AssertionError):
        same(seen, leaking)
