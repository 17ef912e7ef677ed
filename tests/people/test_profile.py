"""自己紹介 and its audiences: who sees which field, what hidden looks like, and what the settings page says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.accounts.operations import end_membership, give_roles
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.models import (
    Cohort,
    Community,
    FieldCap,
    GroupMember,
    Member,
    Mentor,
    ProfileValue,
    Relation,
    Role,
)
from app.people.caps import apply_cap
from app.people.operations import block_person
from app.people.places import put_members
from app.people.profile.nudges import nudges_for
from app.people.profile.operations import begin_profile, choose_audiences, write_profile
from app.people.profile.queries import privacy_page
from app.people.profile.words import AUDIENCES, PRESETS, SENTENCES
from app.people.words import LABELS
from app.policy.fields import FIELDS, TOWARDS_CANDIDATES, TOWARDS_COLLEAGUES
from tests.conftest import Client, Person, World, opened

Acting = Callable[..., Any]
Write = Callable[..., Any]
As = Callable[[Person], Client]

PROFILE = {"display_name": "そら", "bud": "4", "pace": "few", "language": "ja"}
CANARY = "川べりで写真を撮ること"


def plain(answer: Any) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer, without what differs in any two answers."""
    apart = {"Date", "Set-Cookie", "X-Request-ID"}
    headers = {key: value for key, value in answer.headers if key not in apart}
    return answer.status_code, headers, re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)


def visited(client: Client, viewer: Person, owner: Person) -> str:
    """The page of somebody; HR says first what for."""
    if viewer.key in {"jinji", "lead"}:
        opened(client, owner)
    return client.page(f"/people/{owner.public_id}")


@pytest.fixture
def named(world: World, write: Write) -> None:
    """Every candidate of the world has joined as through an invitation: their 氏名 is written down."""

    def write_names() -> None:
        for member in session.scalars(select(Member).where(Member.cohort_id.is_not(None))):
            begin_profile(member)

    write(write_names)


@pytest.fixture
def lower(write: Write) -> Callable[[str, str], None]:
    """HR lowers a cap: lower("pastime", "group")."""

    def cap(field: str, word: str) -> None:
        bits = int(TOWARDS_CANDIDATES[word])

        def change() -> None:
            session.execute(delete(FieldCap).where(FieldCap.field == field))
            session.add(FieldCap(field=field, bits=bits))
            apply_cap(field, bits)
            session.execute(update(Community).values(version=Community.version + 1))

        write(change)

    return cap


def move_ren_away(world: World, write: Write) -> None:
    """The cohort of April has one fewer: Ren is a candidate of another one, with no wall between."""

    def move() -> None:
        july = Cohort(name="2027年7月入社", starts_on=date(2027, 7, 1))
        session.add(july)
        session.flush()
        session.execute(
            update(Member)
            .where(Member.id == world.ren.id)
            .values(cohort_id=july.id, version=Member.version + 1)
        )

    write(move)


# ── the words ────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_field_and_every_pair_of_choices_has_its_words() -> None:
    """The tables of words and the table of fields name the same things."""
    assert set(LABELS) == set(SENTENCES) == set(FIELDS)
    assert set(AUDIENCES) == {(one, other) for one in TOWARDS_CANDIDATES for other in TOWARDS_COLLEAGUES}


# ── who sees what ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("candidates", "colleagues", "seen_by"),
    [
        ("nobody", "nobody", {"sora"}),
        ("group", "nobody", {"sora", "haruka"}),
        ("cohort", "nobody", {"sora", "haruka", "lily"}),
        ("all", "nobody", {"sora", "haruka", "lily", "ren"}),
        ("nobody", "hr", {"sora", "jinji", "lead"}),
        ("nobody", "mentor", {"sora", "jinji", "lead", "takumi"}),
        ("nobody", "employees", {"sora", "jinji", "lead", "takumi", "naomi"}),
        ("group", "hr", {"sora", "haruka", "jinji", "lead"}),
    ],
)
def test_exactly_those_see_a_field_to_whom_it_is_shown(
    app: Flask,
    world: World,
    acting: Acting,
    as_: As,
    write: Write,
    candidates: str,
    colleagues: str,
    seen_by: set[str],
) -> None:
    """haruka is of sora's 班, lily of their cohort, ren of another one; takumi is sora's mentor."""
    move_ren_away(world, write)

    def add() -> None:
        session.add(
            Member(
                mail="lily@example.jp",
                roles=1,
                cohort_id=world.april.id,
                display_name="lily",
                display_fold="lily",
                bud=1,
                rules_version=1,
                is_demo=True,
            )
        )
        session.add(Mentor(candidate_id=world.sora.id, employee_id=world.takumi.id))
        session.execute(update(Member).where(Member.id == world.takumi.id).values(version=Member.version + 1))

    write(add)
    people = World(app).people
    acting(world.sora, write_profile, {"pastime": CANARY})
    acting(world.sora, choose_audiences, {"pastime": (candidates, colleagues)})
    path = f"/people/{world.sora.public_id}"
    for key in ("jinji", "lead"):
        opened(as_(people[key]), world.sora)
    found = {
        key
        for key, person in people.items()
        if key != "yui" and CANARY in as_(person).page(path)  # yui is across the wall
    }
    assert found == seen_by


def test_no_choice_and_no_floor_of_the_table_widens_towards_candidates() -> None:
    """I1: a floor holds colleagues only, and lies within every default that is stored."""
    candidates = Relation.GROUP | Relation.COHORT | Relation.ALLCAND
    for field in FIELDS.values():
        assert not field.floor & candidates
        assert not field.default & candidates & ~field.widest


def test_lowering_a_cap_acts_at_once_and_raising_it_gives_nothing_back(
    world: World, acting: Acting, as_: As, write: Write, lower: Callable[[str, str], None]
) -> None:
    """I2: on the open session of somebody who just saw it."""
    move_ren_away(world, write)
    acting(world.sora, write_profile, {"pastime": CANARY})
    acting(world.sora, choose_audiences, {"pastime": ("all", "nobody")})
    path, ren, haruka = f"/people/{world.sora.public_id}", as_(world.ren), as_(world.haruka)
    assert CANARY in ren.page(path)
    lower("pastime", "group")
    assert CANARY not in ren.page(path)
    assert CANARY in haruka.page(path)
    lower("pastime", "all")
    assert CANARY not in ren.page(path)
    acting(world.sora, choose_audiences, {"pastime": ("all", "nobody")})
    assert CANARY in ren.page(path)


def test_what_was_never_chosen_has_the_default_within_the_cap(
    world: World, acting: Acting, as_: As, rows: Any, lower: Callable[[str, str], None]
) -> None:
    """I3: 班 for a word of one's own, oneself for the university, nobody of the staff."""
    acting(world.sora, write_profile, {"pastime": CANARY, "university": "青葉大学"})
    lower("wish", "nobody")
    acting(world.sora, write_profile, {"wish": "富士山に登る"})
    text = as_(world.haruka).page(f"/people/{world.sora.public_id}")
    assert CANARY in text
    assert "青葉大学" not in text
    assert "富士山" not in text
    assert CANARY not in visited(as_(world.jinji), world.jinji, world.sora)
    assert set(rows(select(ProfileValue.audience).where(ProfileValue.field == "wish"))) == {1}


def test_a_block_takes_every_field_out_of_sight_on_both_sides(world: World, acting: Acting, as_: As) -> None:
    """I4: as if there were nobody, from the next page on."""
    for person in (world.sora, world.haruka):
        acting(person, write_profile, {"pastime": CANARY})
        acting(person, choose_audiences, {"pastime": ("all", "employees")})
    haruka, sora = as_(world.haruka), as_(world.sora)
    assert CANARY in haruka.page(f"/people/{world.sora.public_id}")
    acting(world.haruka, block_person, world.sora.public_id)
    assert haruka.get(f"/people/{world.sora.public_id}").status_code == 404
    assert sora.get(f"/people/{world.haruka.public_id}").status_code == 404


def test_nothing_is_seen_across_a_wall(world: World, acting: Acting, as_: As) -> None:
    """However wide it is shown: yui belongs to October."""
    acting(world.yui, write_profile, {"pastime": CANARY})
    acting(world.yui, choose_audiences, {"pastime": ("all", "hr")})
    assert as_(world.sora).get(f"/people/{world.yui.public_id}").status_code == 404
    assert CANARY in visited(as_(world.jinji), world.jinji, world.yui)


def test_leaving_a_group_ends_its_sight_at_once(world: World, acting: Acting, as_: As, write: Write) -> None:
    """I6: on the open session."""
    acting(world.sora, write_profile, {"pastime": CANARY})
    haruka = as_(world.haruka)
    assert CANARY in haruka.page(f"/people/{world.sora.public_id}")
    write(lambda: put_members([world.haruka.id], None))
    assert not _groups(write, world.haruka.id)
    assert CANARY not in haruka.page(f"/people/{world.sora.public_id}")


def _groups(write: Write, member_id: int) -> list[int]:
    return write(  # type: ignore[no-any-return]
        lambda: list(session.scalars(select(GroupMember.group_id).where(GroupMember.member_id == member_id)))
    )


def test_the_settings_say_who_sees_each_field_and_why_it_is_narrowed(
    world: World, as_: As, named: None, lower: Callable[[str, str], None]
) -> None:
    """I7: the effective audience in words; the company's reason beside the closed choice."""
    lower("pastime", "group")
    text = as_(world.sora).page("/me/privacy")
    assert "班に表示（人事には表示されません）" in text
    assert "会社の設定により、班までです" in text
    assert "人事と担当社員に表示（ほかの内定者には表示されません）" in text
    assert "手続きに必要なため、人事には必ず表示されます" in text
    for value in ("cohort", "all"):
        assert f'name="pastime_candidates" value="{value}" disabled' in text
    assert 'name="pastime_candidates" value="group" checked' in text
    assert 'name="legal_name_colleagues" value="nobody" disabled' in text
    assert (
        'name="links_candidates" value="cohort"' not in text
    )  # no candidate can be given more than the field lets


@pytest.mark.parametrize("field", ["university", "legal_name"])
def test_a_reciprocal_field_is_seen_only_while_ones_own_is_shared_as_widely(
    world: World, acting: Acting, as_: As, named: None, field: str
) -> None:
    """I8: at least as widely, with something in it, and no longer than that."""
    if field == "university":
        acting(world.sora, write_profile, {"university": "青葉大学 理学部"})
    shown = {"university": "青葉大学", "legal_name": "そら 氏名"}[field]
    acting(world.sora, choose_audiences, {field: ("cohort", "nobody" if field == "university" else "hr")})
    haruka, path = as_(world.haruka), f"/people/{world.sora.public_id}"
    own = {"university": "白樺大学"} if field == "university" else {}
    hr = "nobody" if field == "university" else "hr"
    assert shown not in haruka.page(path)
    acting(world.haruka, choose_audiences, {field: ("group", hr)})
    acting(world.haruka, write_profile, own)
    assert shown not in haruka.page(path)  # sora shows it to the cohort, haruka to her 班 only
    acting(world.haruka, choose_audiences, {field: ("cohort", hr)})
    assert shown in haruka.page(path)
    if field == "university":
        acting(world.haruka, write_profile, {"university": ""})
    else:
        acting(world.haruka, choose_audiences, {field: ("nobody", hr)})
    assert shown not in haruka.page(path)


def test_sharing_an_empty_field_opens_nobodys(world: World, acting: Acting, as_: As) -> None:
    """Whoever wrote no university shares none, whatever they chose."""
    acting(world.sora, write_profile, {"university": "青葉大学"})
    acting(world.sora, choose_audiences, {"university": ("group", "nobody")})
    acting(world.haruka, choose_audiences, {"university": ("cohort", "nobody")})
    assert "青葉大学" not in as_(world.haruka).page(f"/people/{world.sora.public_id}")


# ── hidden is absent ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("unseen", ["\u200b", "\u2800", "\u3164", "\u00ad\u202e", "\u3000\u034f ", "\ue000"])
def test_what_nobody_could_see_opens_nobodys_field(
    world: World, acting: Acting, as_: As, rows: Any, unseen: str
) -> None:
    acting(world.sora, write_profile, {"university": "花丘大学"})
    acting(world.sora, choose_audiences, {"university": ("cohort", "nobody")})
    haruka = as_(world.haruka)
    assert haruka.post("/me/profile", {**PROFILE, "university": unseen, "wish": unseen}).status_code == 303
    acting(world.haruka, choose_audiences, {"university": ("cohort", "nobody")})
    assert "花丘大学" not in haruka.page(f"/people/{world.sora.public_id}")
    assert rows(select(ProfileValue.value).where(ProfileValue.member_id == world.haruka.id)) == [""]


def test_whoever_got_another_office_sees_no_longer_what_a_mentor_sees(
    world: World, acting: Acting, as_: As, write: Write
) -> None:
    """They stay paired until HR says otherwise."""
    acting(world.sora, write_profile, {"wish": CANARY})
    acting(world.sora, choose_audiences, {"wish": ("nobody", "mentor")})
    write(lambda: session.add(Mentor(candidate_id=world.sora.id, employee_id=world.takumi.id)))
    path = f"/people/{world.sora.public_id}"
    assert CANARY in as_(world.takumi).page(path)
    assert "メッセージを送る" in as_(world.takumi).page(path)
    write(
        lambda: session.execute(update(Member).where(Member.id == world.takumi.id).values(password_hash="x"))
    )
    acting(world.admin, give_roles, world.takumi.public_id, int(Role.AUDITOR))
    text = as_(world.takumi).page(path)
    assert CANARY not in text
    assert "メッセージを送る" not in text  # nor writes first as one


def test_a_hidden_field_is_as_one_that_is_not_there(
    world: World, acting: Acting, as_: As, queries: Any, write: Write
) -> None:
    """Byte for byte, with the same statements, for everybody who does not see it."""
    path = f"/people/{world.sora.public_id}"
    viewers = [as_(one) for one in (world.haruka, world.ren, world.takumi, world.jinji, world.admin)]
    opened(viewers[3], world.sora)

    def seen() -> list[Any]:
        found = []
        for client in viewers:
            client.get(path)
            with queries() as statements:
                answer = client.get(path)
            found.append((plain(answer), list(statements)))
        return found

    without = seen()
    acting(world.sora, write_profile, dict.fromkeys(("university", "pastime", "wish"), CANARY))
    acting(
        world.sora,
        choose_audiences,
        dict.fromkeys(("university", "pastime", "wish", "topics"), ("nobody", "nobody")),
    )
    assert seen() == without
    write(lambda: session.execute(delete(ProfileValue).where(ProfileValue.member_id == world.sora.id)))
    assert seen() == without


def test_an_emptied_field_is_as_one_that_was_never_written(
    world: World, acting: Acting, as_: As, named: None
) -> None:
    """For those to whom it would be shown, and for its owner."""
    path, people = f"/people/{world.sora.public_id}", (world.haruka, world.takumi, world.sora)
    viewers = [as_(one) for one in people]
    before = [plain(client.get(path)) for client in viewers]
    acting(world.sora, write_profile, {"wish": CANARY})
    acting(world.sora, choose_audiences, {"wish": ("all", "employees")})
    assert all(CANARY in client.page(path) for client in viewers)
    acting(world.sora, write_profile, {"wish": ""})
    assert [plain(client.get(path)) for client in viewers] == before


def test_ones_own_page_shows_every_own_field_with_who_sees_it(
    world: World, acting: Acting, as_: As, named: None
) -> None:
    """And leads to the settings; an address is a link that gives nothing away."""
    acting(world.sora, write_profile, {"university": "青葉大学", "links": "https://example.jp/sora"})
    text = as_(world.sora).page(f"/people/{world.sora.public_id}")
    assert "自分だけに表示" in text
    assert "/me/privacy#university" in text
    assert "そら 氏名（テスト）" in text
    link = re.search(r'<a [^>]*href="https://example.jp/sora"[^>]*>', text)
    assert link is not None
    assert "noopener" in link[0]
    other = as_(world.haruka).page(f"/people/{world.sora.public_id}")
    assert "/me/privacy" not in other


def test_what_somebody_writes_is_shown_as_letters_only(world: World, acting: Acting, as_: As) -> None:
    """No tag, no script address."""
    acting(world.sora, choose_audiences, {"links": ("group", "nobody")})
    acting(world.sora, write_profile, {"pastime": "<b>x</b>", "links": "javascript:alert(1) <i>y</i>"})
    text = as_(world.haruka).page(f"/people/{world.sora.public_id}")
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "&lt;i&gt;" in text
    assert 'href="javascript' not in text


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_form_says_that_nothing_has_to_be_written_and_who_would_see_it(world: World, as_: As) -> None:
    """Beside each field, in words."""
    text = as_(world.sora).page("/me/profile")
    assert "書かなくても、内定や配属に影響することはありません" in text
    assert "資格や実績は書かなくて大丈夫です" in text
    assert text.count("班に表示（人事には表示されません）") >= 3
    assert "/me/privacy#pastime" in text
    for word in ("出身地", "家族構成", "座右の銘", "尊敬する人", "愛読書"):
        assert word not in re.sub(r"data-nudges='[^']*'", "", text)


def test_a_text_is_saved_and_taken_away_while_its_audience_stays(world: World, as_: As, rows: Any) -> None:
    """What is not sent stays as it is."""
    sora, haruka, path = as_(world.sora), as_(world.haruka), f"/people/{world.sora.public_id}"
    answer = sora.post("/me/profile", {**PROFILE, "pastime": CANARY, "wish": "温泉"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/profile?saved=1")
    sora.post("/me/privacy", {"pastime_candidates": "cohort", "pastime_colleagues": "hr"})
    assert CANARY in haruka.page(path)
    sora.post("/me/profile", PROFILE)
    assert CANARY in haruka.page(path)
    sora.post("/me/profile", {**PROFILE, "pastime": " \n"})
    assert CANARY not in haruka.page(path)
    assert "温泉" in haruka.page(path)
    assert rows(select(ProfileValue.audience).where(ProfileValue.field == "pastime")) == [1 + 2 + 16 + 32]


@pytest.mark.parametrize(
    "change",
    [
        {"pastime": "あ" * 201},
        {"university": "あ" * 81},
        {"legal_name": "別人"},
        {"hometown": "長野"},
        {"pastime": "e" + "\u0301" * 2000},
    ],
)
def test_a_text_that_does_not_fit_is_refused_and_nothing_is_lost(
    world: World, as_: As, rows: Any, change: dict[str, str]
) -> None:
    """Too long, given by the office, not a field at all, too many marks."""
    answer = as_(world.sora).post("/me/profile", {**PROFILE, "wish": "書きかけ", **change})
    assert answer.status_code == 422
    assert "書きかけ" in answer.text
    assert rows(select(ProfileValue.field).where(ProfileValue.member_id == world.sora.id)) == []


def test_nobody_writes_their_own_legal_name(world: World, acting: Acting, rows: Any, named: None) -> None:
    """The office gave it; a mistake in it is the office's to correct."""
    with pytest.raises(Invalid, match="選べない項目"):
        acting(world.sora, write_profile, {"legal_name": "別人"})
    assert "別人" not in rows(select(ProfileValue.value))


def test_staff_have_no_such_fields(world: World, acting: Acting, as_: As) -> None:
    """Not on their form, not by sending them, not in the settings."""
    for person in (world.takumi, world.jinji):
        client = as_(person)
        assert "自己紹介" not in client.page("/me/profile")
        assert "/me/privacy" not in client.page("/me")
        assert client.get("/me/privacy").status_code == 404
        assert client.post("/me/privacy", {"pastime_candidates": "group"}).status_code == 404
        assert (
            client.post("/me/profile", {**PROFILE, "display_name": person.name, "wish": "x"}).status_code
            == 422
        )
        for verb, given in ((write_profile, {"wish": "x"}), (choose_audiences, {"wish": ("all", "hr")})):
            with pytest.raises(NotFound):
                acting(person, verb, given)


@pytest.mark.parametrize(
    "choices",
    [
        {"pastime": ("everybody", "nobody")},
        {"pastime": ("group", "")},
        {"hometown": ("group", "nobody")},
        {"links": ("cohort", "nobody")},
        {"university": ("all", "nobody")},
    ],
)
def test_nothing_can_be_chosen_that_the_table_does_not_let(
    world: World, acting: Acting, rows: Any, choices: dict[str, tuple[str, str]]
) -> None:
    """Unknown words, unknown fields, wider than the field itself."""
    with pytest.raises(Invalid, match="選べない項目"):
        acting(world.sora, choose_audiences, choices)
    assert rows(select(ProfileValue.field)) == []


def test_a_choice_beyond_the_companys_cap_is_refused_with_its_reason(
    world: World, as_: As, rows: Any, lower: Callable[[str, str], None]
) -> None:
    """Also where the page was opened before the cap was lowered; what was chosen stays on the page."""
    lower("pastime", "group")
    sora = as_(world.sora)
    answer = sora.post("/me/privacy", {"pastime_candidates": "all", "pastime_colleagues": "nobody"})
    assert answer.status_code == 422
    assert "会社の設定により、班までです" in answer.text
    answer = sora.post("/me/privacy", {"legal_name_candidates": "nobody", "legal_name_colleagues": "nobody"})
    assert answer.status_code == 422
    assert rows(select(ProfileValue.field)) == []


# ── presets ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_preset_shows_what_would_change_and_changes_nothing_yet(
    world: World, as_: As, acting: Acting, rows: Any, named: None
) -> None:
    """Then one button saves it, with or without a script."""
    sora = as_(world.sora)
    text = sora.page("/me/privacy?preset=open")
    assert "保存すると、次のように変わります" in text
    assert "内定者全員・人事・社員に表示" in text
    assert 'name="wish_candidates" value="all" checked' in text
    assert rows(select(ProfileValue.field).where(ProfileValue.member_id == world.sora.id)) == ["legal_name"]
    chosen = re.findall(r'name="(\w+_(?:candidates|colleagues))" value="(\w+)" checked', text)
    assert len(chosen) == 2 * len(FIELDS)
    assert sora.post("/me/privacy", dict(chosen)).status_code == 303
    assert acting(world.sora, privacy_page, preset="open").changes == ()
    assert "変わる項目はありません" in sora.page("/me/privacy?preset=open")


def test_every_preset_stays_within_the_companys_caps(
    world: World, as_: As, acting: Acting, named: None, lower: Callable[[str, str], None]
) -> None:
    """What it offers can be saved as it is."""
    lower("pastime", "nobody")
    lower("university", "group")
    sora = as_(world.sora)
    for preset in PRESETS:
        text = sora.page(f"/me/privacy?preset={preset}")
        chosen = re.findall(r'name="(\w+_(?:candidates|colleagues))" value="(\w+)" checked', text)
        assert "checked disabled" not in text
        assert sora.post("/me/privacy", dict(chosen)).status_code == 303, preset
        assert acting(world.sora, privacy_page, preset=preset).changes == ()


def test_single_choices_can_be_looked_at_before_they_are_saved(world: World, as_: As, rows: Any) -> None:
    """Without a script too: the second button sends them and saves nothing."""
    answer = as_(world.sora).post(
        "/me/privacy", {"wish_candidates": "cohort", "wish_colleagues": "hr", "preview": "yes"}
    )
    assert answer.status_code == 200
    assert "同期と人事に表示" in answer.text
    assert "次のように変わります" in answer.text
    assert rows(select(ProfileValue.field)) == []


def test_an_unknown_preset_is_none(world: World, as_: As) -> None:
    """The page as it is."""
    assert "次のように変わります" not in as_(world.sora).page("/me/privacy?preset=%00x")


# ── a quiet word ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "持病があるので通院しています",
        "うつ病から回復中です",
        "父は公務員で、母の仕事は看護師です",
        "母子家庭で育ちました",
        "労働組合の活動",
        "090-1234-5678 に電話ください",
        "０９０１２３４５６７８",
        "03-1234-5678",
        "LINEのIDは sora123 です",
        "LINE ID: sora",
        "sora.t@example.jp まで",
        "諏訪市上諏訪1丁目2番地",
        "〒392-0001",
        "My father works at a bank",
        "call me at +81 90 1234 5678",
    ],
)
def test_a_calm_sentence_meets_health_family_belief_and_private_contacts(text: str) -> None:
    """In Japanese and in English, in wide letters too."""
    assert nudges_for(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "健康診断の日程がまだわかりません",
        "月曜日は憂鬱です",
        "家族と温泉旅行に行く",
        "両親に旅行をプレゼントしたい",
        "母校の仕事体験の話",
        "宗教画を見に美術館へ",
        "システム障害の本を読んでいます",
        "映画「三丁目の夕日」",
        "弟子入りしてパン作り",
        "2027-04-01 までに簿記",
        "10-20-3000 の計算",
        "online ideas welcome",
        "https://mastodon.example/@sora",
        "@sora_photo",
        "LINEスタンプ作り",
        "大学院入試の話、入院生ではありません",
        "My family is going to Kyoto",
    ],
)
def test_everyday_words_meet_no_sentence(text: str) -> None:
    """A word of warning where none is due would be a kind of watching."""
    assert nudges_for(text) == ()


def test_the_sentence_stands_once_beside_the_field_and_nowhere_else(world: World, as_: As, rows: Any) -> None:
    """Saved all the same; the address after saving is the same with and without one."""
    sora = as_(world.sora)
    answer = sora.post("/me/profile", {**PROFILE, "topics": "持病の話もできます", "wish": "温泉"})
    assert answer.headers["Location"] == "/me/profile?saved=1"
    shown = r'data-nudge-for="(\w+)" role="status">'
    text = sora.page("/me/profile?saved=1")
    assert re.findall(shown, text) == ["topics"]
    assert "data-nudge-words>健康や体調のことは、書かなくて大丈夫です</p>" in text
    assert re.findall(shown, sora.page("/me/profile")) == []
    assert rows(select(ProfileValue.value).where(ProfileValue.field == "topics")) == ["持病の話もできます"]
    refused = sora.post("/me/profile", {**PROFILE, "topics": "持病の話", "wish": "あ" * 300})
    assert re.findall(shown, refused.text) == ["topics"]


# ── joining and leaving ──────────────────────────────────────────────────────────────────────────────────────


def test_leaving_takes_every_field_along(world: World, acting: Acting, rows: Any, named: None) -> None:
    """With the name or without it."""
    acting(world.sora, write_profile, {"pastime": CANARY})
    acting(world.sora, end_membership, keeps_name=True)
    assert rows(select(ProfileValue.field).where(ProfileValue.member_id == world.sora.id)) == []


def test_hr_and_the_mentor_see_the_legal_name_until_the_member_chooses(
    world: World, as_: As, write: Write, named: None, acting: Acting
) -> None:
    """Nobody can hide it from HR; the mentor only by the member's choice."""

    def assign() -> None:
        session.add(Mentor(candidate_id=world.sora.id, employee_id=world.takumi.id))
        session.execute(update(Member).where(Member.id == world.takumi.id).values(version=Member.version + 1))

    write(assign)
    path = f"/people/{world.sora.public_id}"
    opened(as_(world.jinji), world.sora)
    seen = {
        key
        for key in ("haruka", "takumi", "naomi", "jinji")
        if "そら 氏名" in as_(world.people[key]).page(path)
    }
    assert seen == {"takumi", "jinji"}
    acting(world.sora, choose_audiences, {"legal_name": ("nobody", "hr")})
    assert "そら 氏名" not in as_(world.takumi).page(path)
    assert "そら 氏名" in as_(world.jinji).page(path)


def test_only_a_reciprocal_change_makes_the_member_look_again(
    world: World, acting: Acting, rows: Any
) -> None:
    """Their own snapshot is made anew when what they see of others may have changed."""
    version = select(Member.version).where(Member.id == world.sora.id)
    [before] = rows(version)
    acting(world.sora, write_profile, {"pastime": CANARY})
    acting(world.sora, choose_audiences, {"pastime": ("all", "hr"), "university": ("group", "nobody")})
    assert rows(version) == [before]
    acting(world.sora, write_profile, {"university": "青葉大学"})
    assert rows(version) == [before + 1]


def test_the_pages_cost_the_same_whatever_stands_in_them(
    world: World, as_: As, acting: Acting, queries: Any
) -> None:
    """Visitor included: one statement for the caps, one for one's own fields."""
    sora = as_(world.sora)
    costs = []
    for _round in range(2):
        for path in ("/me/privacy", "/me/profile"):
            sora.page(path)
            with queries() as seen:
                sora.page(path)
            assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen)
            costs.append(len(seen))
        acting(world.sora, write_profile, {"pastime": CANARY, "university": "青葉大学"})
    assert costs[:2] == costs[2:]
    assert costs[0] <= 4
    assert costs[1] <= 8
