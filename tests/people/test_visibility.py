"""見え方と閲覧履歴: what is shown as others see it is what they see; nothing of it can be acted on; it speaks as the rules do."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.core.db import session
from app.models import (
    CANDIDATES,
    AccessEntry,
    Member,
    Mentor,
    ProfileValue,
    Relation,
    Wall,
)
from app.people.visibility import statements
from app.people.visibility.queries import sight_page
from app.policy import eyes_apart_from, eyes_of, registered, rules
from app.policy.fields import FIELDS, TOWARDS_CANDIDATES, TOWARDS_COLLEAGUES, choice_of, effective, relations
from tests.conftest import NO_SUCH_ID, NOON, World, opened

EYES = ("group", "cohort", "candidates", "employee", "mentor", "hr", "apart")
CHOICES = list(product(TOWARDS_CANDIDATES, TOWARDS_COLLEAGUES))


# ── a world in which somebody real stands in each relation to sora ───────────────────────────────────────────


@pytest.fixture
def around(world: World, write: Any) -> dict[str, Any]:
    """Eyes → somebody real who has them, towards sora; the candidates among them share everything of their own."""

    def prepare() -> None:
        session.execute(delete(Wall))
        session.add(Mentor(candidate_id=world.sora.id, employee_id=world.takumi.id))
        session.execute(
            delete(ProfileValue).where(
                ProfileValue.member_id.in_([world.haruka.id, world.ren.id, world.yui.id])
            )
        )
        everyone = int(CANDIDATES | Relation.SELF)
        for person, field in product((world.haruka, world.ren, world.yui), ("legal_name", "university")):
            value = ProfileValue(
                member_id=person.id, field=field, value="わたしの", audience=everyone, effective=everyone
            )
            session.add(value)
        session.execute(update(Member).values(version=Member.version + 1))

    write(prepare)
    return {
        "group": world.haruka,
        "cohort": world.ren,
        "candidates": world.yui,
        "employee": world.naomi,
        "mentor": world.takumi,
        "hr": world.jinji,
    }


def written(key: str) -> str:
    """What stands in a field here."""
    return "https://example.jp/me" if key == "links" else f"{key} の中身"


def fill(write: Any, member: Any, audiences: dict[str, tuple[str, str]]) -> None:
    """Write something in each of these fields, for these audiences."""

    def change() -> None:
        session.execute(delete(ProfileValue).where(ProfileValue.member_id == member.id))
        for key, choice in audiences.items():
            audience = choice_of(*choice)
            seen = effective(FIELDS[key], audience, int(CANDIDATES))
            session.add(
                ProfileValue(
                    member_id=member.id,
                    field=key,
                    value=written(key),
                    audience=int(audience),
                    effective=int(seen),
                )
            )

    write(change)


def shown(text: str) -> list[tuple[str, str]]:
    """The shown profile of a page: each term with what stands beside it."""
    found = re.search(r"<dl[^>]*data-shown-profile>(.*?)</dl>", text, re.DOTALL)
    lines = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", found.group(1), re.DOTALL) if found else []
    return [(term, re.sub(r"<[^>]+>", "", words).strip()) for term, words in lines]


def seen_part(text: str) -> str:
    """What is shown as others see it, alone."""
    found = re.search(r"<section class=\"seen\".*?</section>", text, re.DOTALL)
    assert found
    return found.group(0)


def named_hidden(text: str) -> list[str]:
    """The fields a page names as not shown."""
    found = re.search(r"この見え方では表示されない項目</p>\s*<ul[^>]*>(.*?)</ul>", text, re.DOTALL)
    return re.findall(r"<span>([^<]+)</span></span>", found.group(1)) if found else []


# ── through other eyes ───────────────────────────────────────────────────────────────────────────────────────


def test_each_pair_of_eyes_sees_what_a_real_person_in_that_relation_sees(
    world: World, as_: Any, write: Any, around: dict[str, Any]
) -> None:
    owner = as_(world.sora)
    others = {eyes: as_(person) for eyes, person in around.items()}
    opened(others["hr"], world.sora)  # 人事 said today what for
    chance = Random(5)
    differing = set()
    for _round in range(8):
        fill(write, world.sora, {key: chance.choice(CHOICES) for key in FIELDS})
        for eyes, other in others.items():
            real = shown(other.page(f"/people/{world.sora.public_id}"))
            assert shown(owner.page(f"/me/visibility?eyes={eyes}")) == real, eyes
            differing.add(tuple(term for term, _words in real))
    assert len(differing) > 10, "the choices must make a difference, or nothing was compared"


def test_whoever_is_blocked_or_walled_off_reads_the_sentence_the_preview_quotes(
    world: World, as_: Any
) -> None:
    sentence = re.search(
        r'class="seen-missing" data-seen>([^<]+)<', as_(world.haruka).page("/me/visibility?eyes=apart")
    )
    assert sentence
    for other in (world.ren, world.yui):
        answer = as_(other).get(f"/people/{world.haruka.public_id}")
        assert answer.status_code == 404
        assert sentence.group(1) in answer.text


def test_that_walls_and_blocks_exist_is_told_to_nobody(world: World, as_: Any, write: Any) -> None:
    haruka = as_(world.haruka)
    paths = [f"/me/visibility?eyes={eyes}" for eyes in EYES]
    before = [seen_part(haruka.page(path)) for path in paths]

    def tear_down() -> None:
        session.execute(delete(Wall))
        session.execute(update(Member).values(version=Member.version + 1))

    write(tear_down)
    assert [seen_part(haruka.page(path)) for path in paths] == before


def test_what_eyes_do_not_see_is_named_to_its_owner_without_its_words(
    world: World, as_: Any, write: Any
) -> None:
    fill(write, world.haruka, {"wish": ("nobody", "nobody"), "pastime": ("group", "nobody")})
    haruka = as_(world.haruka)
    text = haruka.page("/me/visibility?eyes=group")
    assert named_hidden(text) == ["入社までにやってみたいこと"]
    assert "wish の中身" not in text
    both = ["最近はまっていること", "入社までにやってみたいこと"]
    assert named_hidden(haruka.page("/me/visibility?eyes=cohort")) == both


def test_nothing_in_the_preview_acts_and_nothing_of_it_can_be_sent(
    world: World, as_: Any, write: Any, around: dict[str, Any]
) -> None:
    fill(write, world.sora, dict.fromkeys(FIELDS, ("all", "employees")))
    sora = as_(world.sora)
    assert "https://example.jp/me" in seen_part(sora.page("/me/visibility?eyes=hr"))
    for eyes in EYES:
        part = seen_part(sora.page(f"/me/visibility?eyes={eyes}"))
        assert not re.search(r"<(a|form|button|input|script|details)\b|csrf|data-(room|socket)", part), eyes
        # The token of the layout's own two forms stands in the footer, and opens no address here.
        assert sora.post(f"/me/visibility?eyes={eyes}").status_code == 405
    for path in ("/me/visibility/office", "/me/visibility/entries"):
        assert sora.post(path).status_code == 405


@pytest.mark.parametrize(
    "guessed", ["", "nobody", "self", "mentor", "admin", NO_SUCH_ID, "1", "%00", "hr'--"]
)
def test_a_guessed_pair_of_eyes_is_quietly_the_first(world: World, as_: Any, guessed: str) -> None:
    """Haruka has no mentor: those eyes do not exist for her either."""
    haruka = as_(world.haruka)
    assert seen_part(haruka.page(f"/me/visibility?eyes={guessed}")) == seen_part(
        haruka.page("/me/visibility")
    )


def test_a_mentor_is_offered_only_to_whom_one_is_assigned(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    assert "eyes=mentor" in as_(world.sora).page("/me/visibility")
    assert "eyes=mentor" not in as_(world.haruka).page("/me/visibility")


def test_without_a_group_the_preview_says_that_nobody_sees_it_so(world: World, as_: Any, write: Any) -> None:
    assert "いまは班に入っていない" in as_(world.ren).page("/me/visibility?eyes=group")
    assert "いまは班に入っていない" not in as_(world.haruka).page("/me/visibility?eyes=group")


def test_staff_see_their_own_page_as_candidates_and_colleagues_do(world: World, as_: Any) -> None:
    takumi = as_(world.takumi)
    text = takumi.page("/me/visibility")
    assert "社員" in seen_part(text)
    assert "eyes=group" not in text
    assert "/me/privacy" not in text
    assert shown(text) == shown(as_(world.sora).page(f"/people/{world.takumi.public_id}"))


def test_synthetic_eyes_stand_in_one_relation_are_nobody_and_own_nothing(world: World, viewer: Any) -> None:
    owner = viewer(world.haruka)
    widths = {
        Relation.GROUP: CANDIDATES,
        Relation.COHORT: Relation.COHORT | Relation.ALLCAND,
        Relation.ALLCAND: Relation.ALLCAND,
        Relation.EMPLOYEE: Relation.EMPLOYEE,
        Relation.MENTOR: Relation.MENTOR | Relation.EMPLOYEE,
        Relation.HR: Relation.HR,
    }
    for relation, width in widths.items():
        eyes = eyes_of(relation, owner)
        assert relations(eyes, owner) == width
        assert (eyes.id, eyes.public_id, eyes.board_ids, eyes.joined) == (None, "", frozenset(), frozenset())
    assert not rules.member_view(eyes_apart_from(owner), owner_row(owner))
    for nothing in (Relation.SELF, CANDIDATES):
        with pytest.raises(KeyError):
            eyes_of(nothing, owner)


def owner_row(owner: Any) -> Any:
    """The row of the member a snapshot was taken of, as far as rules ask it."""
    return Member(id=owner.id, roles=int(owner.roles), cohort_id=owner.cohort_id)


# ── 人事に見えるもの・見えないもの ──────────────────────────────────────────────────────────────────────────

# What the page promises. A rule that changes breaks this: then change the promise knowingly, and tell people.
SEEN = {
    "member": True,
    "group": True,
    "mail": True,
    "legal_name": True,
    "university": False,
    "pastime": False,
    "wish": False,
    "topics": False,
    "links": False,
    "board with": True,
    "board without": False,
    "reactions": True,
    "room with": True,
    "room without": False,
    "direct": False,
    "reported": True,
    "office": True,
    "wish for office": True,
    "wish for mentor": False,
    "acknowledgement": True,
    "notices": False,
    "notice settings": False,
    "devices": False,
    "blocks": False,
    "saved": False,
    "bookmarks": False,
    "drafts": False,
}


def verdicts(text: str) -> dict[str, bool]:
    """What the page says of each kind of content."""
    rows = re.findall(r'data-sight="([^"]+)">(.*?)</li>', text, re.DOTALL)
    assert rows
    return {key: "見えます" in row for key, row in rows}


def test_the_page_says_of_the_office_what_the_rules_say(world: World, as_: Any) -> None:
    assert verdicts(as_(world.haruka).page("/me/visibility/office")) == SEEN


def test_a_changed_rule_changes_the_page(world: World, acting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks; it does not recite."""
    asked = {
        row.key: row.is_seen for section in acting(world.haruka, sight_page).sections for row in section.rows
    }
    assert asked == SEEN

    def pried_open(_viewer: Any, _action: str, _row: Any, *, kind: Any = None) -> bool:
        return True

    monkeypatch.setattr(statements, "can", pried_open)
    opened_up = {
        row.key: row.is_seen for section in acting(world.haruka, sight_page).sections for row in section.rows
    }
    unruled = {"notice settings", "blocks", "saved", "bookmarks", "drafts"}
    assert {key for key, is_seen in opened_up.items() if not is_seen} == unruled


def test_what_only_its_owner_reads_has_no_rule_for_anybody(world: World) -> None:
    kinds = {kind.__name__ for _action, kind in registered()}
    assert not kinds & {
        "Block",
        "BoardReader",
        "Draft",
        "MemberExport",
        "NoticeSettings",
        "RoomReader",
        "SavedMessage",
        "SavedPost",
        "TopicReader",
    }


def test_the_page_follows_each_choice_and_agrees_with_what_hr_is_shown(
    world: World, as_: Any, write: Any
) -> None:
    haruka, jinji = as_(world.haruka), as_(world.jinji)
    opened(jinji, world.haruka)
    for choice in (("nobody", "nobody"), ("all", "nobody"), ("nobody", "hr"), ("group", "employees")):
        fill(write, world.haruka, dict.fromkeys(FIELDS, choice))
        says = verdicts(haruka.page("/me/visibility/office"))
        read = jinji.page(f"/people/{world.haruka.public_id}")
        for key in FIELDS:
            assert says[key] == (written(key) in read), (key, choice)


def test_the_page_names_what_nobody_can_see_and_its_own_limit(world: World, as_: Any) -> None:
    text = as_(world.haruka).page("/me/visibility/office")
    for words in (
        "既読",
        "最終ログイン",
        "活動スコア",
        "下書き",
        "しおり",
        "サーバー管理者は技術的にはトークを読めます",
    ):
        assert words in text


def test_the_page_names_everybody_in_whose_list_the_legal_name_stands(world: World, as_: Any) -> None:
    """The administrator has the list, too."""
    assert "はるか 氏名" in as_(world.admin).page("/hr/people")
    assert "人事とシステム管理者の名簿に、氏名とあわせて表示されます" in as_(world.haruka).page(
        "/me/visibility/office"
    )


def test_staff_read_what_candidates_are_told(world: World, as_: Any) -> None:
    says = verdicts(as_(world.takumi).page("/me/visibility/office"))
    assert says == SEEN


# ── 閲覧履歴 ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_looked_is_told_to_whom_they_looked_at_and_to_nobody_else(world: World, as_: Any) -> None:
    haruka = as_(world.haruka)
    empty = haruka.page("/me/visibility/entries")
    assert "まだ閲覧の記録はありません" in empty
    assert 'href="/ledger/head"' in empty
    opened(as_(world.jinji), world.haruka, "grouping")
    text = haruka.page("/me/visibility/entries")
    assert "jinjiさん（人事）が班分けのためにプロフィールを確認しました" in text
    assert "まだ閲覧の記録はありません" not in text
    for other in (world.sora, world.takumi, world.jinji, world.audit, world.admin):
        assert "まだ閲覧の記録はありません" in as_(other).page("/me/visibility/entries"), other.key


def entries(world: World, write: Any, subject: Any, count: int) -> list[str]:
    """So many entries about somebody, a day each; their public ids, oldest first."""
    ids = [
        f"{subject.key[:5]:a<5}{number:08d}".translate(str.maketrans("0189", "wxyz"))
        for number in range(count)
    ]

    def change() -> None:
        for number, public_id in enumerate(ids):
            session.add(
                AccessEntry(
                    public_id=public_id,
                    day=date(2026, 4, 1) + timedelta(days=number),
                    subject_id=subject.id,
                    viewer_id=world.jinji.id,
                    viewer_name=f"{subject.key}{number}番",
                    viewer_role="hr",
                    action="profile",
                    purpose="contact",
                    content="0" * 64,
                    link="0" * 64,
                )
            )
            session.flush()

    write(change)
    return ids


def numbers(text: str) -> list[int]:
    """Which of haruka's entries a page lists, in its order."""
    return [int(number) for number in re.findall(r"haruka(\d+)番", text)]


def test_entries_come_newest_first_page_by_page(world: World, as_: Any, write: Any, held_clock: Any) -> None:
    entries(world, write, world.haruka, 35)
    haruka = as_(world.haruka)
    with held_clock(NOON):
        first = haruka.page("/me/visibility/entries")
    assert numbers(first) == list(range(34, 4, -1))
    assert "5月5日（火）" in first
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = haruka.page(older.group(1))
    assert numbers(second) == [4, 3, 2, 1, 0]
    newer = re.search(r'rel="prev" href="([^"]+)"', second)
    assert newer
    assert numbers(haruka.page(newer.group(1))) == numbers(first)


def test_a_cursor_of_somebody_elses_entry_is_one_that_is_missing(world: World, as_: Any, write: Any) -> None:
    mine = entries(world, write, world.haruka, 3)
    others = entries(world, write, world.sora, 3)
    haruka = as_(world.haruka)
    for way in ("after", "before"):
        unknown = haruka.page(f"/me/visibility/entries?{way}={NO_SUCH_ID}")
        assert haruka.page(f"/me/visibility/entries?{way}={others[1]}") == unknown
        assert numbers(unknown) == [2, 1, 0]
    assert numbers(haruka.page(f"/me/visibility/entries?after={mine[1]}")) == [0]


def test_an_entry_that_was_tampered_with_is_shown_as_one_that_cannot_be_read(
    world: World, as_: Any, write: Any
) -> None:
    entries(world, write, world.haruka, 2)
    change = update(AccessEntry).where(AccessEntry.viewer_name == "haruka0番").values(purpose="spying")
    write(lambda: session.execute(change))
    text = as_(world.haruka).page("/me/visibility/entries")
    assert "この記録は、内容を読み取れませんでした" in text
    assert numbers(text) == [1]
    assert "spying" not in text


# ── the house ────────────────────────────────────────────────────────────────────────────────────────────────


def test_my_page_and_my_profile_lead_here(world: World, as_: Any) -> None:
    haruka = as_(world.haruka)
    assert 'href="/me/visibility"' in haruka.page("/me")
    assert 'href="/me/visibility"' in haruka.page(f"/people/{world.haruka.public_id}")
    assert 'href="/me/visibility"' not in haruka.page(f"/people/{world.sora.public_id}")


def test_the_pages_cost_the_same_queries_whatever_is_in_them(
    world: World, as_: Any, write: Any, queries: Any, around: dict[str, Any]
) -> None:
    sora = as_(world.sora)
    paths = {
        "/me/visibility?eyes=group": 5,
        "/me/visibility?eyes=hr": 5,
        "/me/visibility/office": 1,
        "/me/visibility/entries": 1,
    }

    def cost(path: str) -> int:
        sora.page(path)
        with queries() as seen:
            sora.page(path)
        return len(seen)

    sora.page("/me")
    bare = cost("/me/blocks") - 1  # what stands around every page
    assert {path: cost(path) - bare for path in paths} == paths
    fill(write, world.sora, dict.fromkeys(FIELDS, ("all", "employees")))
    entries(world, write, world.sora, 20)
    assert {path: cost(path) - bare for path in paths} == paths
