"""Caps of profile fields: HR narrows them alone, at once and for choices made before; nobody's choice ever grows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from app.core import clock
from app.core.db import session
from app.core.errors import AppError, Conflict, NotFound
from app.core.names import fold
from app.core.operation import unit_of_work
from app.models import Approval, Community, FieldCap, Member, ProfileValue, Role
from app.office.approvals.operations import approve
from app.office.approvals.queries import approval_card
from app.office.privacy.operations import change_cap
from app.people.profile.operations import choose_audiences, write_profile
from app.policy import viewer_of
from tests.conftest import Client, World

HOBBY = "金魚すくいの研究"
SELF, HR, MENTOR, EMPLOYEE, GROUP, COHORT, ALL = (1 << n for n in range(7))


def fill(acting: Any, person: Any, field: str, towards: str, staff: str = "nobody") -> None:
    """Write something into a field and choose who sees it."""
    acting(person, write_profile, {field: HOBBY})
    acting(person, choose_audiences, {field: (towards, staff)})


def lowered(hr: Client, field: str, to: str, seen: str) -> int:
    """Narrow a cap; the status."""
    return hr.post(f"/hr/privacy/{field}?cap={to}", {"cap": to, "seen": seen}).status_code


def raised(world: World, as_: Any, field: str, to: str, seen: str) -> None:
    """Ask for a wider cap, and let the other person approve it."""
    form = {"cap": to, "seen": seen, "reason": "理由"}
    assert as_(world.jinji).post(f"/hr/privacy/{field}?cap={to}", form).status_code == 303
    lead = as_(world.lead)
    page = lead.page("/hr/approvals")
    path = re.search(r'action="(/hr/approvals/[a-z2-7]{13})"', page)
    seal = re.search(r'name="seal" value="([0-9a-f]+)"', page)
    assert path is not None
    assert seal is not None
    assert lead.post(path[1], {"answer": "approve", "seal": seal[1]}).status_code == 303


@pytest.fixture
def stored(app: Flask) -> Callable[[Any, str], tuple[int, int]]:
    """The choice of somebody for a field, and what follows from it."""

    def read(person: Any, field: str) -> tuple[int, int]:
        with app.app_context():
            row = session.get_one(ProfileValue, (person.id, field))
            return row.audience, row.effective

    return read


# ── narrowing ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lowered_cap_cuts_at_once_what_others_see_and_what_was_chosen(
    world: World, as_: Any, acting: Any, stored: Any
) -> None:
    fill(acting, world.haruka, "pastime", "all", "employees")
    sora, takumi = as_(world.sora), as_(world.takumi)
    page = f"/people/{world.haruka.public_id}"
    assert HOBBY in sora.page(page)
    assert lowered(as_(world.jinji), "pastime", "nobody", "all") == 303
    assert HOBBY not in sora.page(page)
    assert HOBBY in takumi.page(page)  # a cap is about candidates only
    assert HOBBY in as_(world.haruka).page(page)
    assert stored(world.haruka, "pastime") == (SELF | HR | MENTOR | EMPLOYEE,) * 2


def test_a_cap_in_between_keeps_what_lies_within_it(world: World, as_: Any, acting: Any, stored: Any) -> None:
    fill(acting, world.haruka, "pastime", "all", "hr")
    fill(acting, world.sora, "pastime", "group")
    assert lowered(as_(world.jinji), "pastime", "group", "all") == 303
    assert stored(world.haruka, "pastime") == (SELF | HR | GROUP,) * 2
    assert stored(world.sora, "pastime") == (SELF | GROUP,) * 2
    assert HOBBY in as_(world.sora).page(f"/people/{world.haruka.public_id}")  # the same 班


def test_raising_a_cap_again_gives_nothing_back_until_the_member_chooses(
    world: World, as_: Any, acting: Any, stored: Any
) -> None:
    fill(acting, world.haruka, "pastime", "all")
    lowered(as_(world.jinji), "pastime", "nobody", "all")
    raised(world, as_, "pastime", "all", "nobody")
    page = f"/people/{world.haruka.public_id}"
    assert HOBBY not in as_(world.sora).page(page)
    assert stored(world.haruka, "pastime") == (SELF, SELF)
    acting(world.haruka, choose_audiences, {"pastime": ("all", "nobody")})
    assert HOBBY in as_(world.sora).page(page)


def test_a_lowered_cap_ends_the_sight_of_reciprocal_fields_too(world: World, as_: Any, acting: Any) -> None:
    for person in (world.haruka, world.sora):
        fill(acting, person, "university", "cohort")
    page = f"/people/{world.haruka.public_id}"
    assert HOBBY in as_(world.sora).page(page)
    lowered(as_(world.jinji), "university", "nobody", "cohort")
    assert HOBBY not in as_(world.sora).page(page)


def test_the_settings_of_the_member_say_why(world: World, as_: Any, acting: Any) -> None:
    fill(acting, world.haruka, "pastime", "all")
    lowered(as_(world.jinji), "pastime", "group", "all")
    assert "会社の設定により、班までです" in as_(world.haruka).page("/me/privacy")


def test_nothing_is_sent_to_those_whose_audience_was_cut(
    world: World, as_: Any, acting: Any, deliver: Any, letters: Any
) -> None:
    fill(acting, world.haruka, "pastime", "all")
    lowered(as_(world.jinji), "pastime", "nobody", "all")
    deliver()
    assert letters() == []


def test_every_viewer_is_made_anew_after_a_cap_changed(world: World, as_: Any, rows: Any) -> None:
    before = rows(select(Community.version))[0]
    lowered(as_(world.jinji), "pastime", "group", "all")
    assert rows(select(Community.version)) == [before + 1]


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("field", "typed", "status", "sentence"),
    [
        ("university", {"cap": "all", "seen": "cohort"}, 422, "この項目は「同期」より広くはできません"),
        ("links", {"cap": "cohort", "seen": "group"}, 422, "この項目は「班」より広くはできません"),
        ("links", {"cap": "127", "seen": "group"}, 422, "選べない範囲です"),
        ("links", {"cap": "hr", "seen": "group"}, 422, "選べない範囲です"),
        ("links", {"seen": "group"}, 422, "選べない範囲です"),
        ("links", {"cap": "group", "seen": "group"}, 422, "いまの上限と同じです"),
        ("links", {"cap": "nobody", "seen": "nobody"}, 409, "ほかの方が先に上限を変えた"),
        ("links", {"cap": "nobody"}, 422, ""),
        ("links", {"cap": "nobody", "seen": "group", "floor": "cohort"}, 422, "floor"),
        ("no-such-field", {"cap": "nobody", "seen": "group"}, 404, ""),
    ],
)
def test_a_cap_that_cannot_be_is_refused_with_a_sentence(
    world: World, as_: Any, rows: Any, field: str, typed: dict[str, str], status: int, sentence: str
) -> None:
    answer = as_(world.jinji).post(f"/hr/privacy/{field}", typed)
    assert answer.status_code == status
    assert sentence in answer.text
    assert rows(select(FieldCap.field)) == []
    assert rows(select(Approval.id)) == []


@pytest.mark.parametrize("key", ["haruka", "takumi", "mod", "desk", "audit", "admin"])
def test_for_everybody_else_there_is_no_such_page(world: World, as_: Any, acting: Any, key: str) -> None:
    client = as_(world.people[key])
    for path in ("/hr/privacy", "/hr/privacy/pastime", "/hr/privacy/pastime?cap=nobody"):
        assert client.get(path).status_code == 404
    assert lowered(client, "pastime", "nobody", "all") == 404
    with pytest.raises(NotFound):
        acting(world.people[key], change_cap, "pastime", cap="nobody", seen="all", reason="")


def test_changing_a_cap_asks_who_it_is_first(world: World, as_: Any, held_clock: Any, rows: Any) -> None:
    start = clock.now()
    with held_clock(start):
        jinji = as_(world.jinji)
    with held_clock(start + timedelta(minutes=6)):
        answer = jinji.post("/hr/privacy/pastime?cap=nobody", {"cap": "nobody", "seen": "all"})
        assert answer.headers["Location"].startswith("/confirm")
        assert jinji.get("/hr/privacy").status_code == 200
    assert rows(select(FieldCap.field)) == []


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_says_what_hr_can_never_do(world: World, as_: Any) -> None:
    page = as_(world.jinji).page("/hr/privacy")
    assert "内定者どうしの公開範囲を、人事が広げることはできません" in page
    assert "誰がどの範囲を選んでいるかは、人事には表示されません" in page
    for path in ("/hr/walls", "/hr/cohorts", "/hr/rooms", "/hr/approvals"):
        assert f'href="{path}"' in page


def test_a_field_offers_no_reach_beyond_its_limit(world: World, as_: Any) -> None:
    page = as_(world.jinji).page("/hr/privacy/links")
    assert re.findall(r'name="cap"[^>]*value="(\w+)"', page) == ["nobody", "group"]


def _crowd(world: World, number: int, bits: int) -> None:
    people = [
        Member(
            roles=int(Role.CANDIDATE),
            cohort_id=world.april.id,
            display_name=f"c{n}",
            display_fold=fold(f"c{n}"),
            bud=1,
        )
        for n in range(number)
    ]
    session.add_all(people)
    session.flush()
    session.add_all(
        ProfileValue(
            member_id=one.id, field="pastime", value=HOBBY, audience=SELF | bits, effective=SELF | bits
        )
        for one in people
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "5名未満"), (1, "5名未満"), (4, "5名未満"), (5, "5名以上"), (9, "5名以上"), (10, "10名以上")],
)
def test_the_preview_counts_in_steps_and_never_fewer_than_five(
    world: World, as_: Any, write: Any, number: int, words: str
) -> None:
    write(lambda: _crowd(world, number, GROUP | COHORT))
    page = as_(world.jinji).page("/hr/privacy/pastime?cap=group")
    assert re.findall(r"<dd>(\d+名[^<]*)</dd>", page) == [words]


def test_the_preview_counts_only_whoever_a_cap_would_touch(world: World, as_: Any, write: Any) -> None:
    write(lambda: _crowd(world, 6, GROUP))
    jinji = as_(world.jinji)
    assert "5名未満" in jinji.page("/hr/privacy/pastime?cap=group")
    assert "5名以上" in jinji.page("/hr/privacy/pastime?cap=nobody")


def test_a_preview_changes_nothing(world: World, as_: Any, rows: Any) -> None:
    as_(world.jinji).page("/hr/privacy/pastime?cap=nobody")
    assert rows(select(FieldCap.field)) == []


def test_a_wider_preview_says_that_nobodys_choice_grows(world: World, as_: Any) -> None:
    jinji = as_(world.jinji)
    lowered(jinji, "pastime", "nobody", "all")
    page = jinji.page("/hr/privacy/pastime?cap=cohort")
    assert "すでに選ばれている範囲は変わりません" in page
    assert "承認を依頼する" in page
    assert "名以上" not in page


def test_the_pages_ask_as_much_of_the_database_whoever_hides_what(
    world: World, as_: Any, queries: Any, write: Any
) -> None:
    jinji = as_(world.jinji)
    paths = ("/hr/privacy", "/hr/privacy/pastime?cap=nobody", "/hr/approvals")

    def counts() -> list[int]:
        found = []
        for path in paths:
            jinji.page(path)
            with queries() as seen:
                jinji.page(path)
            found.append(len([one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))]))
        return found

    before = counts()
    write(lambda: _crowd(world, 40, GROUP | COHORT))
    assert counts() == before
    assert max(before) <= 7


def test_a_field_says_that_a_wider_cap_is_asked_for(world: World, as_: Any) -> None:
    jinji = as_(world.jinji)
    lowered(jinji, "pastime", "nobody", "all")
    assert "広げる依頼が承認待ちです" not in jinji.page("/hr/privacy")
    jinji.post("/hr/privacy/pastime", {"cap": "group", "seen": "nobody", "reason": "理由"})
    assert "広げる依頼が承認待ちです" in jinji.page("/hr/privacy")
    assert "承認を待っています" in jinji.page("/hr/privacy/pastime")
    assert "承認を待っています" not in jinji.page("/hr/privacy/wish")


# ── at the same time ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_choice_made_while_a_cap_is_lowered_never_outlives_it(
    world: World, app: Flask, acting: Any, stored: Any
) -> None:
    acting(world.haruka, write_profile, {"pastime": HOBBY})
    gate = Barrier(2)

    def choose() -> None:
        with app.app_context():
            viewer = viewer_of(world.haruka.id)
            gate.wait(10)
            try:
                choose_audiences(viewer, {"pastime": ("all", "hr")})
            except AppError:
                return  # the cap came first, and says so

    def lower() -> None:
        with app.app_context():
            viewer = viewer_of(world.jinji.id)
            gate.wait(10)
            change_cap(viewer, "pastime", cap="nobody", seen="all", reason="")

    threads = [Thread(target=choose), Thread(target=lower)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    choice, effective = stored(world.haruka, "pastime")
    assert not choice & (GROUP | COHORT | ALL)
    assert not effective & (GROUP | COHORT | ALL)


def test_two_who_change_one_cap_at_once_do_not_undo_each_other(world: World, app: Flask, rows: Any) -> None:
    found, gate = [], Barrier(2)

    def lower(person: Any, to: str) -> None:
        with app.app_context():
            viewer = viewer_of(person.id)
            gate.wait(10)
            try:
                change_cap(viewer, "pastime", cap=to, seen="all", reason="")
                found.append(to)
            except Conflict:
                found.append("too late")

    threads = [Thread(target=lower, args=each) for each in ((world.jinji, "nobody"), (world.lead, "group"))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert "too late" in found
    assert rows(select(FieldCap.bits)) == [0 if "nobody" in found else GROUP]


# ── against a model ──────────────────────────────────────────────────────────────────────────────────────────

REACH = {"nobody": 0, "group": GROUP, "cohort": GROUP | COHORT, "all": GROUP | COHORT | ALL}
STAFF = {"nobody": 0, "hr": HR, "mentor": HR | MENTOR, "employees": HR | MENTOR | EMPLOYEE}
WORDS = st.sampled_from(list(REACH))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("choose"), WORDS, st.sampled_from(list(STAFF))),
        st.tuples(st.just("cap"), WORDS, st.just("")),
    ),
    max_size=12,
)
# field → how far it may reach at most, and who always sees it; from privacy.md, not from the code
LIMITS = {
    "legal_name": ("cohort", HR),
    "university": ("cohort", 0),
    "wish": ("all", 0),
    "links": ("group", 0),
}


@pytest.mark.parametrize("field", LIMITS)
def test_who_sees_a_field_never_exceeds_what_was_chosen_nor_any_cap_since(
    world: World, app: Flask, field: str
) -> None:
    widest, floor = REACH[LIMITS[field][0]], LIMITS[field][1]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def holds(steps: list[tuple[str, str, str]]) -> None:
        with app.app_context():
            _clean(world, field)
            cap, chosen = widest, SELF | floor  # the model: two numbers
            for what, word, staff in steps:
                if what == "choose":
                    wanted = SELF | REACH[word] | STAFF[staff]
                    if _tried(choose_audiences, viewer_of(world.haruka.id), {field: (word, staff)}):
                        assert not REACH[word] & ~cap
                        chosen = wanted
                    else:
                        assert REACH[word] & ~cap or floor & ~wanted
                elif REACH[word] & ~widest or REACH[word] == cap:
                    assert not _capped(world, field, word, cap)
                else:
                    assert _capped(world, field, word, cap)
                    cap = REACH[word]
                    chosen &= cap | HR | MENTOR | EMPLOYEE | SELF  # for good: raising gives nothing back
                row = session.execute(
                    select(ProfileValue.audience, ProfileValue.effective).where(
                        ProfileValue.member_id == world.haruka.id, ProfileValue.field == field
                    )
                ).first()
                session.rollback()
                if row is not None:
                    assert row.effective == chosen | floor
                    assert not row.audience & ~row.effective

    holds()


def _clean(world: World, field: str) -> None:
    with unit_of_work():
        session.execute(delete(Approval))
        session.execute(delete(FieldCap))
        session.execute(delete(ProfileValue).where(ProfileValue.field == field))


def _tried(verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return verb(*args, **kwargs) or True
    except AppError:
        return False


def _capped(world: World, field: str, word: str, cap: int) -> bool:
    """Change a cap as the two people of HR would; whether it was changed."""
    seen = next(key for key, bits in REACH.items() if bits == cap)
    asked = _tried(change_cap, viewer_of(world.jinji.id), field, cap=word, seen=seen, reason="理由")
    if isinstance(asked, str):
        lead = viewer_of(world.lead.id)
        approve(lead, asked, seal=approval_card(lead, asked).seal)
    return bool(asked)


def test_a_field_of_somebody_who_left_is_not_counted(world: World, as_: Any, write: Any) -> None:
    def leave() -> None:
        _crowd(world, 5, GROUP)
        session.execute(update(Member).where(Member.display_name == "c0").values(ended_at=clock.now()))

    write(leave)
    assert "5名未満" in as_(world.jinji).page("/hr/privacy/pastime?cap=nobody")
