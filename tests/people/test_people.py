"""Profiles, the directory and one's own page."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from app.core.names import fold
from app.core.paging import Cursor
from app.models import Cohort, Group, GroupMember, Member, Role
from app.people.marks import role_mark
from app.people.queries import directory_page

NO_SUCH_ID = "aaaaaaaaaaaaa"


def plain(answer):
    """Status, headers and body of an answer, without what differs in any two answers."""
    headers = {
        key: value for key, value in answer.headers if key not in {"Date", "Set-Cookie", "X-Request-ID"}
    }
    return answer.status_code, headers, re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)


# ── the role mark ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("roles", "department", "joined", "mark"),
    [
        (Role.CANDIDATE, "", None, None),
        (Role.EMPLOYEE, "営業部", date(2022, 4, 1), "社員・営業部・5年目"),
        (Role.EMPLOYEE, "営業部", date(2026, 4, 1), "社員・営業部・1年目"),
        (Role.EMPLOYEE, "", date(2022, 10, 6), "社員・4年目"),
        (Role.EMPLOYEE, "", date(2022, 10, 5), "社員・5年目"),
        (Role.EMPLOYEE, "", date(2027, 4, 1), "社員"),
        (Role.HR, "採用チーム", date(2010, 4, 1), "人事・採用チーム"),
        (Role.HR | Role.LEAD, "採用チーム", None, "人事・採用チーム"),
        (Role.HR | Role.MODERATOR, "", None, "人事・モデレーター"),
        (Role.MODERATOR, "", None, "モデレーター"),
        (Role.DESK, "", None, "第三者相談窓口"),
        (Role.DESK | Role.AUDITOR, "", None, "第三者相談窓口・監査担当"),
        (Role.ADMINISTRATOR | Role.EMPLOYEE, "情報システム部", None, "システム管理者・情報システム部"),
    ],
)
def test_the_role_mark_says_what_staff_are_and_nothing_of_candidates(roles, department, joined, mark):
    """On 5 October 2026."""
    assert role_mark(int(roles), department, joined, date(2026, 10, 5)) == mark


# ── the directory ────────────────────────────────────────────────────────────────────────────────────────────


def names(page):
    """The names of a directory page."""
    return [person.name for person in page.people]


def test_the_directory_begins_with_ones_own_cohort_and_shows_staff_apart(world, as_):
    """Haruka blocked Ren; Yui is across the wall."""
    haruka = as_(world.haruka)
    text = haruka.page("/people")
    assert "そら" in text
    assert "れん" not in text
    assert "ゆい" not in text
    assert "たくみ" not in text
    staff = haruka.page("/people?tab=staff")
    assert "たくみ" in staff
    assert "そら" not in staff
    assert "社員" in staff


def test_blocks_and_walls_act_both_ways_in_directory_search_and_profile(world, as_, acting):
    """And nobody else notices."""
    for one, other in ((world.haruka, world.ren), (world.haruka, world.yui)):
        for viewer, hidden in ((one, other), (other, one)):
            client = as_(viewer)
            for tab in ("cohort", "candidates"):
                assert hidden.name not in names(acting(viewer, directory_page, tab=tab))
                assert names(acting(viewer, directory_page, tab=tab, query=hidden.name)) == []
                assert hidden.name not in client.page(f"/people?tab={tab}")
            assert plain(client.get(f"/people/{hidden.public_id}")) == plain(
                client.get(f"/people/{NO_SUCH_ID}")
            )
            for verb in ("block", "unblock"):
                if (viewer.key, hidden.key) == ("haruka", "ren"):
                    continue  # her own block: she may take it back
                asked = [client.post(f"/people/{key}/{verb}") for key in (hidden.public_id, NO_SUCH_ID)]
                assert plain(asked[0]) == plain(asked[1])
    assert {"はるか", "れん", "そら"} <= set(names(acting(world.sora, directory_page)))
    assert {"はるか", "れん", "ゆい"} <= set(names(acting(world.jinji, directory_page)))


def test_a_search_compares_folded_names_and_takes_every_sign_as_a_letter(world, acting, write):
    """ハルカ finds はるか; % is a percent sign."""
    assert names(acting(world.sora, directory_page, query="ハルカ")) == ["はるか"]
    assert names(acting(world.sora, directory_page, query="ﾊﾙ")) == ["はるか"]
    assert names(acting(world.sora, directory_page, query="%")) == []
    assert names(acting(world.sora, directory_page, query="_")) == []
    assert names(acting(world.sora, directory_page, query="x" * 5000)) == []


def test_the_searched_words_come_back_escaped(world, as_):
    """And in every link onwards."""
    text = as_(world.sora).page(f"/people?q={quote('<b>x</b>')}&tab=nonsense&after=1&before=%00")
    assert "<b>x</b>" not in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text


def test_nobody_who_is_suspended_or_has_left_is_listed(world, as_, acting, write):
    """Their profile is not found either, for HR too."""
    from app.core.clock import now
    from app.core.db import session

    for column in (Member.suspended_at, Member.ended_at):
        write(
            lambda column=column: session.execute(
                update(Member).where(Member.id == world.sora.id).values({column: now()})
            )
        )
        for person in (world.haruka, world.jinji):
            assert "そら" not in names(acting(person, directory_page, tab="candidates"))
            assert as_(person).get(f"/people/{world.sora.public_id}").status_code == 404
        write(
            lambda column=column: session.execute(
                update(Member).where(Member.id == world.sora.id).values({column: None})
            )
        )


def test_a_long_directory_pages_both_ways_though_many_share_a_name(world, acting, write):
    """95 people of three names; nobody twice, nobody lost, those across the wall do not leave a gap."""
    from app.core.db import session

    def invite_many():
        for number in range(95):
            name = ("あおい", "ひなた", "みお")[number % 3]
            cohort = world.october.id if number % 5 == 0 else world.april.id
            session.add(
                Member(
                    roles=1,
                    cohort_id=cohort,
                    display_name=name,
                    display_fold=fold(name),
                    bud=1,
                    rules_version=1,
                )
            )

    write(invite_many)
    page = acting(world.sora, directory_page)
    seen, sizes, cursors = [person.id for person in page.people], [len(page.people)], []
    while page.pager.older:
        cursors.append(page.pager.older.partition("after=")[2])
        page = acting(world.sora, directory_page, cursor=Cursor(after=cursors[-1]))
        sizes.append(len(page.people))
        seen += [person.id for person in page.people]
    assert sizes == [30, 30, 19]
    assert len(set(seen)) == 79
    back = acting(world.sora, directory_page, cursor=Cursor(before=page.pager.newer.partition("before=")[2]))
    assert [person.id for person in back.people] == seen[30:60]
    first = acting(world.sora, directory_page, cursor=Cursor(before=back.pager.newer.partition("before=")[2]))
    assert [person.id for person in first.people] == seen[:30]
    assert first.pager.newer is None


def test_a_directory_page_costs_the_same_for_one_and_for_many(world, as_, queries, write):
    """Visitor included."""
    from app.core.db import session

    client = as_(world.sora)
    client.page("/people")
    write(
        lambda: session.add_all(
            Member(roles=1, cohort_id=world.april.id, display_name=f"{n}", display_fold=f"{n}", bud=1)
            for n in range(25)
        )
    )
    # A profile costs one statement more than a list: the fields this viewer may see, asked whether there are any or not.
    for path, most in (("/people", 3), (f"/people/{world.haruka.public_id}", 5), ("/me", 6)):
        client.page(path)
        with queries() as seen:
            client.page(path)
        assert len(seen) <= most, "\n\n".join(seen)
        assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen)


# ── profiles ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_profile_shows_the_cohort_to_its_own_and_to_hr_only(world, as_, write):
    """privacy.md: cohort year, default COHORT, floor HR."""
    from app.core.db import session

    def add_a_third_cohort():
        third = Cohort(name="2027年7月入社", starts_on=date(2027, 7, 1))
        session.add(third)
        session.flush()
        session.execute(
            update(Member)
            .where(Member.id == world.ren.id)
            .values(cohort_id=third.id, version=Member.version + 1)
        )

    write(add_a_third_cohort)
    path = f"/people/{world.sora.public_id}"
    for person, is_shown in (
        (world.haruka, True),
        (world.jinji, True),
        (world.ren, False),
        (world.takumi, False),
    ):
        text = as_(person).page(path)
        assert "そら" in text
        assert ("2027年4月入社" in text) is is_shown, person.key


def test_a_profile_shows_shared_groups_only(world, as_, write):
    """若葉 is Haruka's and Sora's; 青葉 is Sora's alone, as far as Haruka knows."""
    from app.core.db import session

    def join_another():
        group = Group(name="青葉", cohort_id=world.april.id)
        session.add(group)
        session.flush()
        session.add(GroupMember(group_id=group.id, member_id=world.sora.id))

    write(join_another)
    path = f"/people/{world.sora.public_id}"
    text = as_(world.haruka).page(path)
    assert "若葉" in text
    assert "青葉" not in text
    assert "若葉" not in as_(world.ren).page(path)
    assert "若葉" not in as_(world.takumi).page(path)
    assert "青葉" in as_(world.jinji).page(path)


def test_the_pace_is_for_nobody_else(world, as_):
    """It stands on one's own pages only."""
    assert "参加のペース" in as_(world.sora).page("/me/profile")
    for person in (world.haruka, world.jinji, world.admin):
        assert "ペース" not in as_(person).page(f"/people/{world.sora.public_id}")


def test_ones_own_profile_leads_to_editing_and_cannot_be_blocked(world, as_):
    """A link instead of the block."""
    sora = as_(world.sora)
    text = sora.page(f"/people/{world.sora.public_id}")
    assert "/me/profile" in text
    assert "/block" not in text
    assert sora.post(f"/people/{world.sora.public_id}/block").status_code == 403


# ── one's own page ───────────────────────────────────────────────────────────────────────────────────────────

PROFILE = {"display_name": "そらまめ", "bud": "48", "pace": "various", "language": "ja"}


def test_my_page_leads_to_everything_that_is_mine(world, as_):
    """Signing out is a form."""
    text = as_(world.sora).page("/me")
    for address in ("/me/profile", "/me/security", "/me/blocks", "/rules", "/me/leave", "/sign-out"):
        assert f'"{address}"' in text, address


def test_a_profile_is_changed_and_shown_everywhere(world, as_, rows):
    """The fold follows the name."""
    sora = as_(world.sora)
    assert sora.post("/me/profile", PROFILE).status_code == 303
    [member] = rows(select(Member).where(Member.id == world.sora.id))
    assert (member.display_name, member.display_fold, member.bud, member.pace) == (
        "そらまめ",
        fold("そらまめ"),
        48,
        "various",
    )
    assert "そらまめ" in as_(world.haruka).page(f"/topics/{world.topic_id}")


def test_two_people_may_have_one_name(world, as_):
    """A refusal would tell that somebody is here, even across a wall."""
    for person in (world.sora, world.yui):
        assert as_(person).post("/me/profile", {**PROFILE, "display_name": "はるか"}).status_code == 303


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "呼び名を入力してください"),
        ("\u200b\u3000", "呼び名を入力してください"),
        ("あ" * 21, "20文字以内"),
        ("人事部の山田", "間違えやすい名前"),
        ("採用担当", "間違えやすい名前"),
        ("たくみ", "この名前は使えません"),
        ("タクミ", "この名前は使えません"),
        ("若葉", "この名前は使えません"),
        ("\u202eabc", "文字の向き"),
        ("abc\u2067", "文字の向き"),
        ("Z\u0351\u0352\u0353\u0354\u0355algo", "重ねる記号が多すぎます"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_sentence_and_stays_in_its_field(
    world, as_, rows, name, sentence
):
    """Nothing, too long, an office, a member of staff, a group, direction marks, Zalgo."""
    answer = as_(world.sora).post("/me/profile", {**PROFILE, "display_name": name})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert rows(select(Member.display_name).where(Member.id == world.sora.id)) == ["そら"]


@pytest.mark.parametrize(
    "change",
    [
        {"bud": "49"},
        {"bud": "0"},
        {"bud": "x"},
        {"pace": "fast"},
        {"language": "de"},
        {"roles": "4"},
        {"mail": "x@y.jp"},
    ],
)
def test_a_profile_takes_nothing_but_what_can_be_chosen(world, as_, rows, change):
    """Unknown fields and unknown values."""
    assert as_(world.sora).post("/me/profile", {**PROFILE, **change}).status_code == 422
    [member] = rows(select(Member).where(Member.id == world.sora.id))
    assert (member.display_name, member.roles, member.mail) == ("そら", 1, "sora@example.jp")


def test_a_name_of_right_to_left_letters_stands_in_its_own_element(world, as_):
    """It cannot turn its neighbours around."""
    assert as_(world.sora).post("/me/profile", {**PROFILE, "display_name": "שלום"}).status_code == 303
    assert "<bdi>שלום</bdi>" in as_(world.haruka).page("/people")
