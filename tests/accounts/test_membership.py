"""Roles that exclude each other, suspension, and leaving."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.events import MembershipEnded
from app.accounts.operations import (
    end_membership,
    end_membership_of,
    give_roles,
    lift_suspension,
    settle_set_up_mode,
    suspend_member,
    tidy_doors,
)
from app.boards.operations import reply_to_topic
from app.core import events
from app.core.db import session
from app.core.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.core.events import OutboxRow
from app.core.operation import unit_of_work
from app.models import (
    Block,
    Community,
    Draft,
    GroupMember,
    Member,
    MemberSession,
    Post,
    ProfileValue,
    Reaction,
    RecoveryCode,
    Role,
    SavedPost,
    excluded_pair,
)
from app.policy import viewer_of
from tests.accounts.conftest import is_inside, kept_hash, member_row
from tests.conftest import NO_SUCH_ID, PASSWORD, World

STAFF_KEYS = ("takumi", "naomi", "jinji", "lead", "mod", "desk", "audit", "admin")


@pytest.fixture
def everyone_has_a_password(write):
    """Powers need one."""
    write(lambda: session.execute(update(Member).values(password_hash=kept_hash())))


# ── roles ────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(("admin", "lead", "jinji", "takumi", "haruka")),
            st.sampled_from((*STAFF_KEYS, "haruka")),
            st.integers(0, 255),
        ),
        max_size=8,
    )
)
def test_no_sequence_of_appointments_reaches_a_forbidden_pair(sqlite_app, acts):
    world = World(sqlite_app)
    with sqlite_app.app_context():
        for by, whom, roles in acts:
            try:
                give_roles(viewer_of(world.people[by].id), world.people[whom].public_id, roles)
            except AppError:
                session.rollback()
        rows = session.execute(select(Member.roles, Member.cohort_id)).all()
        session.rollback()
    assert [row for row in rows if excluded_pair(Role(row.roles))] == []
    assert [row for row in rows if row.roles & Role.CANDIDATE and row.roles != Role.CANDIDATE] == []
    assert [row for row in rows if row.roles & Role.ADMINISTRATOR]
    assert sum(1 for row in rows if row.roles == Role.CANDIDATE) == 4


def test_the_table_itself_refuses_every_forbidden_combination(app, world):
    """Straight past the operations: the CHECK holds for all 256 combinations."""
    for roles in range(256):
        with app.app_context():
            refused = False
            try:
                with unit_of_work():
                    session.execute(update(Member).where(Member.id == world.takumi.id).values(roles=roles))
            except IntegrityError:
                refused = True
        is_forbidden = roles == 0 or excluded_pair(Role(roles)) is not None
        assert refused == is_forbidden, Role(roles)


@pytest.mark.usefixtures("everyone_has_a_password")
def test_a_refused_pair_is_named_in_a_kind_sentence(app, world, acting):
    with pytest.raises(Invalid, match="「第三者相談窓口」と「人事」"):
        acting(world.admin, give_roles, world.takumi.public_id, int(Role.DESK | Role.HR))
    with pytest.raises(Invalid, match="内定者の役割"):
        acting(world.admin, give_roles, world.haruka.public_id, int(Role.EMPLOYEE))
    with pytest.raises(Invalid, match="ひとつ以上"):
        acting(world.admin, give_roles, world.takumi.public_id, 0)
    assert member_row(app, world.takumi).roles == Role.EMPLOYEE


@pytest.mark.usefixtures("everyone_has_a_password")
def test_desk_and_auditor_are_one_person_in_small_companies_only(app, world, acting, write):
    both = int(Role.DESK | Role.AUDITOR)
    with pytest.raises(Invalid, match="20名以上"):
        acting(world.admin, give_roles, world.desk.public_id, both)
    write(lambda: session.execute(update(Community).values(expected_candidates=12)))
    acting(world.admin, give_roles, world.desk.public_id, both)
    assert member_row(app, world.desk).roles == both


@pytest.mark.usefixtures("everyone_has_a_password")
def test_an_appointment_ends_sessions_and_renews_what_both_sides_may_see(app, world, acting, as_, write):
    write(lambda: session.add(Block(blocker_id=world.ren.id, blocked_id=world.takumi.id)))
    device = as_(world.takumi)
    before = {key: member_row(app, world.people[key]).version for key in ("takumi", "ren", "sora")}
    acting(world.lead, give_roles, world.takumi.public_id, int(Role.EMPLOYEE | Role.MODERATOR))
    after = {key: member_row(app, world.people[key]).version for key in ("takumi", "ren", "sora")}
    assert {key: after[key] - before[key] for key in after} == {"takumi": 1, "ren": 1, "sora": 0}
    assert not is_inside(device)
    with app.app_context():
        assert viewer_of(world.takumi.id).is_moderator


@pytest.mark.usefixtures("everyone_has_a_password")
def test_only_administrators_and_the_lead_appoint(app, world, acting):
    for key in ("jinji", "takumi", "haruka", "desk"):
        with pytest.raises(Forbidden):
            acting(world.people[key], give_roles, world.naomi.public_id, int(Role.HR))
    acting(world.lead, give_roles, world.naomi.public_id, int(Role.HR))
    assert member_row(app, world.naomi).roles == Role.HR
    with pytest.raises(NotFound):
        acting(world.admin, give_roles, NO_SUCH_ID, int(Role.HR))


@pytest.mark.usefixtures("everyone_has_a_password")
def test_the_last_administrator_stays(app, world, acting):
    with pytest.raises(Conflict, match="システム管理者がいなくなって"):
        acting(world.lead, give_roles, world.admin.public_id, int(Role.EMPLOYEE))
    with pytest.raises(Conflict, match="システム管理者がいなくなって"):
        acting(world.admin, end_membership, keeps_name=False)
    acting(world.admin, give_roles, world.naomi.public_id, int(Role.ADMINISTRATOR))
    acting(world.lead, give_roles, world.admin.public_id, int(Role.EMPLOYEE))
    assert member_row(app, world.admin).roles == Role.EMPLOYEE


def test_powers_wait_for_a_password(world, acting):
    with pytest.raises(Invalid, match="パスワードが必要です"):
        acting(world.admin, give_roles, world.naomi.public_id, int(Role.HR))


def test_set_up_mode_ends_with_the_second_person_of_hr_and_stays_ended(app, world, write, rows):
    def state():
        return rows(select(Community))[0].second_hr_at

    write(
        lambda: (
            session.execute(update(Community).values(second_hr_at=None)),
            session.execute(
                update(Member).where(Member.id == world.lead.id).values(roles=int(Role.EMPLOYEE))
            ),
        )
    )
    write(settle_set_up_mode)
    assert state() is None
    write(
        lambda: session.execute(update(Member).where(Member.id == world.lead.id).values(roles=int(Role.LEAD)))
    )
    write(settle_set_up_mode)
    ended = state()
    assert ended is not None
    write(
        lambda: session.execute(
            update(Member).where(Member.id == world.lead.id).values(roles=int(Role.EMPLOYEE))
        )
    )
    write(settle_set_up_mode)
    assert state() == ended


# ── suspension ───────────────────────────────────────────────────────────────────────────────────


def test_a_suspension_closes_every_door_and_lifting_it_opens_them(
    app, world, acting, as_, anyone, with_password, deliver, letters
):
    with_password(world.ren)
    device = as_(world.ren)
    with pytest.raises(Invalid, match="理由"):
        acting(world.jinji, suspend_member, world.ren.public_id, "  ")
    acting(world.jinji, suspend_member, world.ren.public_id, "確認中のため")
    assert not is_inside(device)
    with app.app_context():
        assert not viewer_of(world.ren.id).is_active
    deliver()
    assert "確認中のため" in letters()[0].text
    with pytest.raises(NotFound):
        acting(world.sora, lift_suspension, world.ren.public_id)
    acting(world.jinji, lift_suspension, world.ren.public_id)
    assert not is_inside(device)
    answer = anyone().post("/sign-in", {"email": world.ren.mail, "password": PASSWORD})
    assert answer.status_code == 302
    assert member_row(app, world.ren).suspension_reason == ""


def test_who_may_suspend_whom(app, world, acting):
    for by, whom, refusal in (
        ("sora", "takumi", NotFound),
        ("jinji", "mod", Forbidden),
        ("jinji", "jinji", Forbidden),
        ("mod", "sora", NotFound),
        ("haruka", "ren", NotFound),
    ):
        with pytest.raises(refusal):
            acting(world.people[by], suspend_member, world.people[whom].public_id, "理由")
    acting(world.admin, suspend_member, world.mod.public_id, "理由")
    with pytest.raises(Forbidden):
        acting(world.jinji, lift_suspension, world.mod.public_id)
    assert member_row(app, world.mod).suspended_at is not None


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("keeps", ["no", "yes"])
def test_leaving_closes_the_doors_and_keeps_the_name_only_if_wished(
    app, world, as_, anyone, with_password, rows, keeps
):
    with_password(world.haruka)
    client, other = as_(world.haruka), as_(world.haruka)
    page = client.page("/me/leave")
    assert "退会しても内定には影響しません" in page
    assert client.post("/me/leave", {"keeps_name": "perhaps"}).status_code == 422
    assert client.post("/me/leave", {"keeps_name": keeps}).location == "/left"
    assert "退会しました" in client.page("/left")
    assert not is_inside(client)
    assert not is_inside(other)
    member = member_row(app, world.haruka)
    assert member.ended_at is not None
    assert (member.mail, member.password_hash, member.legal_name, member.kana) == (None, None, "", "")
    assert member.display_name == ("はるか" if keeps == "yes" else "")
    for column in (
        GroupMember.member_id,
        MemberSession.member_id,
        RecoveryCode.member_id,
    ):
        assert rows(select(column).where(column == world.haruka.id)) == []
    answer = anyone().post("/sign-in", {"email": world.haruka.mail, "password": PASSWORD})
    assert answer.status_code == 422


def test_leaving_is_announced_for_what_was_written(app, world, acting):
    heard = []
    events._hints.setdefault(MembershipEnded.__name__, []).append(heard.append)
    try:
        acting(world.haruka, end_membership, keeps_name=True)
        acting(world.jinji, end_membership_of, world.sora.public_id, "ご本人の希望")
    finally:
        events._hints[MembershipEnded.__name__].remove(heard.append)
    assert heard == [MembershipEnded(world.haruka.id, True), MembershipEnded(world.sora.id, False)]


@pytest.mark.parametrize("keeps_name", [False, True])
@pytest.mark.parametrize("leaver", ["haruka", "ren"])
def test_a_block_outlives_leaving_so_that_nothing_comes_to_light(
    app, world, as_, acting, deliver, rows, leaver, keeps_name
):
    """Haruka blocked Ren: whoever of them leaves, with the name or without, the other goes on seeing nothing."""
    gone = world.people[leaver]
    stays = world.ren if leaver == "haruka" else world.haruka
    acting(gone, reply_to_topic, world.topic_id, body="いつかのひとこと")
    client, witness = as_(stays), as_(world.takumi)
    before, version = client.page(f"/topics/{world.topic_id}"), member_row(app, stays).version
    assert "いつかのひとこと" not in before
    acting(gone, end_membership, keeps_name=keeps_name)
    assert member_row(app, stays).version == version + 1
    assert "いつかのひとこと" not in client.page(f"/topics/{world.topic_id}"), "not even for a moment"
    deliver()
    for _ in range(2):
        with app.app_context():
            tidy_doors()
        assert "いつかのひとこと" not in client.page(f"/topics/{world.topic_id}")
    assert "いつかのひとこと" in witness.page(f"/topics/{world.topic_id}")
    author = gone.name if keeps_name else "退会した方"
    assert author in witness.page(f"/topics/{world.topic_id}")


def test_the_placeholder_of_a_block_leads_to_nobody(app, world, as_, acting, deliver, rows):
    """No name, no address, no moment, no block left with the person, and no line in anybody's list of blocks."""
    acting(world.ren, reply_to_topic, world.topic_id, body="いつかのひとこと")
    acting(world.ren, end_membership, keeps_name=False)
    with app.app_context():
        tidy_doors()
    assert rows(select(Block.blocked_id).where(Block.blocked_id == world.ren.id)) == [world.ren.id], (
        "it waits until everything is handed on"
    )
    deliver()
    with app.app_context():
        tidy_doors()
    (placeholder,) = rows(select(Block.blocked_id))
    assert placeholder != world.ren.id
    row = rows(select(Member).where(Member.id == placeholder))[0]
    assert row.public_id != world.ren.public_id
    assert (row.mail, row.legal_name, row.kana, row.display_name) == (None, "", "", "")
    assert (row.cohort_id, row.ended_at.year) == (None, 2000)
    assert "ブロックした人はいません" in as_(world.haruka).page("/me/blocks")


def test_whoever_met_no_block_leaves_no_placeholder(world, acting, deliver, rows):
    before = len(rows(select(Member.id)))
    acting(world.sora, end_membership, keeps_name=False)
    deliver()
    assert len(rows(select(Member.id))) == before


def test_hr_ends_a_membership_with_a_reason_but_not_that_of_official_people(app, world, acting):
    with pytest.raises(Invalid):
        acting(world.jinji, end_membership_of, world.sora.public_id, "")
    acting(world.jinji, end_membership_of, world.sora.public_id, "内定辞退の手続きが完了したため")
    assert member_row(app, world.sora).end_reason == "内定辞退の手続きが完了したため"
    for by, whom, refusal in (
        ("jinji", "mod", Forbidden),
        ("jinji", "jinji", Forbidden),
        ("takumi", "naomi", NotFound),
        ("ren", "takumi", NotFound),
    ):
        with pytest.raises(refusal):
            acting(world.people[by], end_membership_of, world.people[whom].public_id, "理由")
    with pytest.raises(NotFound):
        acting(world.jinji, end_membership_of, world.sora.public_id, "もう一度")
    acting(world.jinji, suspend_member, world.ren.public_id, "確認中")
    acting(world.jinji, end_membership_of, world.ren.public_id, "停止中の方の手続き")
    assert member_row(app, world.ren).ended_at is not None


def test_one_page_hides_nothing_of_what_leaving_deletes(world, as_):
    page = as_(world.haruka).page("/me/leave")
    for word in ("メールアドレス", "氏名", "プロフィール", "班", "ブロック", "内定の辞退とは別の手続き"):
        assert word in page


def test_the_page_counts_what_will_stay_and_what_will_go(world, as_, acting, deliver, rows, write):
    acting(world.haruka, reply_to_topic, world.topic_id, body="ひとこと")
    write(lambda: _keep_things(world.haruka.id))
    mine = Post.author_id == world.haruka.id
    written = rows(select(Post.id).where(mine))
    page = as_(world.haruka).page("/me/leave")
    for sentence in (
        f"ひろばに書いたトピックと投稿（{len(written)}件",
        "プロフィールに書いたこと（1項目）",
        "下書き（1件）と、保存したもの（1件）",
        "付けたリアクション（1件）",
    ):
        assert sentence in page
    acting(world.haruka, end_membership, keeps_name=False)
    deliver()
    for column in (ProfileValue.member_id, Draft.member_id, SavedPost.member_id, Reaction.member_id):
        assert rows(select(column).where(column == world.haruka.id)) == [], column
    assert rows(select(Post.id).where(mine)) == []
    assert set(written) <= set(rows(select(Post.id)))


def _keep_things(member_id):
    post = session.scalars(select(Post).limit(1)).one()
    given = {"field": "legal_name", "value": "水野 遥", "audience": 3, "effective": 3}
    if session.get(ProfileValue, (member_id, "legal_name")) is None:
        session.add(ProfileValue(member_id=member_id, **given))
    session.add_all(
        [
            ProfileValue(member_id=member_id, field="pastime", value="散歩", audience=1),
            Draft(
                member_id=member_id, composer="new-square", texts={"body": "文"}, kept_until=date(2030, 1, 1)
            ),
            SavedPost(member_id=member_id, post_id=post.id),
            Reaction(member_id=member_id, post_id=post.id, name="thanks"),
        ]
    )


def test_no_fact_of_the_doors_carries_text_of_a_person(app, world, acting, rows):
    acting(world.jinji, suspend_member, world.ren.public_id, "ひみつの理由")
    acting(world.haruka, end_membership, keeps_name=True)
    with app.app_context():
        payloads = [str(each) for each in session.scalars(select(OutboxRow.payload))]
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == len(payloads) > 0
    assert not [each for each in payloads if "ひみつ" in each or "はるか" in each or "@" in each]
