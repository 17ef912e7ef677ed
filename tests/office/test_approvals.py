"""What needs two people: asked for by one, decided by another, once, in time, and exactly as it was read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import session
from app.core.errors import AppError, Conflict, NotFound
from app.models import Approval, Community, FieldCap, Member, Role
from app.office.approvals.acts import NoSuchAct
from app.office.approvals.operations import OPEN_FOR, approve, ask
from app.office.approvals.queries import approval_card
from app.people.caps import narrowed_caps
from app.policy import viewer_of
from tests.conftest import NO_SUCH_ID, Client, World

TASK = "承認を待っている依頼"
GROUP, COHORT = 16, 48


@pytest.fixture(autouse=True)
def narrowed(write: Any) -> None:
    """University reaches one's own 班 at most, so that there is something to raise."""
    write(lambda: session.add(FieldCap(field="university", bits=GROUP)))


@pytest.fixture
def cap(app: Flask) -> Callable[[], int]:
    """How far university may reach as of now."""

    def read() -> int:
        with app.app_context():
            return narrowed_caps()["university"]

    return read


def asked(hr: Client, reason: str = "同期会の案内のため", **typed: str) -> Any:
    """Ask to let university reach the whole cohort."""
    form = {"cap": "cohort", "seen": "group", "reason": reason, **typed}
    return hr.post(f"/hr/privacy/university?cap={form['cap']}", form)


def request_of(hr: Client) -> str:
    """Ask, and the address of the request."""
    answer = asked(hr)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/hr/approvals"
    found = re.search(r'id="approval-([a-z2-7]{13})"', hr.page("/hr/approvals"))
    assert found is not None
    return f"/hr/approvals/{found[1]}"


def answered(hr: Client, path: str, answer: str = "approve", page: str | None = None) -> Any:
    """Answer a request as it stands on the page."""
    seal = re.search(r'name="seal" value="([0-9a-f]+)"', page or hr.page("/hr/approvals"))
    return hr.post(path, {"answer": answer, "seal": seal[1] if seal else "0"})


def test_nothing_changes_before_another_person_of_hr_approves_what_they_read(
    world: World, as_: Any, cap: Any
) -> None:
    jinji, lead = as_(world.jinji), as_(world.lead)
    path = request_of(jinji)
    assert cap() == GROUP
    page = lead.page("/hr/approvals")
    assert "「大学・学部」の上限を「班」から「同期」へ広げる" in page
    assert "同期会の案内のため" in page
    assert "jinji" in page
    assert "承認して反映する" in page
    assert answered(lead, path).status_code == 303
    assert cap() == COHORT
    page = jinji.page("/hr/approvals")
    assert "承認されました" in page
    assert "lead" in page


def test_the_same_person_cannot_approve_their_own_request(world: World, as_: Any, cap: Any) -> None:
    jinji = as_(world.jinji)
    path = request_of(jinji)
    assert "承認して反映する" not in jinji.page("/hr/approvals")
    seal = re.search(r'name="seal" value="([0-9a-f]+)"', as_(world.lead).page("/hr/approvals"))
    assert seal is not None
    answer = jinji.post(path, {"answer": "approve", "seal": seal[1]})
    assert answer.status_code == 403
    assert "ご自分の依頼は、ご自分では承認できません" in answer.text
    assert cap() == GROUP


def test_the_table_itself_refuses_an_approver_who_asked(world: World, write: Any) -> None:
    def both() -> None:
        at = clock.now()
        session.execute(
            insert(Approval).values(
                kind="raise_cap",
                asked={},
                requester_id=world.jinji.id,
                requested_at=at,
                expires_at=at,
                approver_id=world.jinji.id,
            )
        )

    with pytest.raises(IntegrityError):
        write(both)


def test_an_expired_request_cannot_be_approved_and_says_so(
    world: World, as_: Any, held_clock: Any, cap: Any
) -> None:
    start = clock.now()
    with held_clock(start):
        path = request_of(as_(world.jinji))
        page = as_(world.lead).page("/hr/approvals")
    with held_clock(start + OPEN_FOR):
        lead = as_(world.lead)
        assert "期限が切れました" in lead.page("/hr/approvals")
        assert TASK not in lead.page("/hr")
        answer = answered(lead, path, page=page)
        assert answer.status_code == 409
        assert "期限の72時間を過ぎました" in answer.text
        assert asked(as_(world.jinji)).status_code == 303  # and can be asked again
    assert cap() == GROUP
    with held_clock(start + timedelta(days=97)):
        assert "期限が切れました" not in as_(world.lead).page("/hr/approvals")


def test_only_who_asked_takes_a_request_back_and_then_nobody_approves_it(
    world: World, as_: Any, cap: Any
) -> None:
    jinji, lead = as_(world.jinji), as_(world.lead)
    path = request_of(jinji)
    page = lead.page("/hr/approvals")
    assert lead.post(f"{path}/withdraw").status_code == 403
    assert jinji.post(f"{path}/withdraw").status_code == 303
    assert "取り下げられました" in jinji.page("/hr/approvals")
    answer = answered(lead, path, page=page)
    assert answer.status_code == 403
    assert "すでに処理されています" in answer.text
    assert cap() == GROUP


def test_declining_changes_nothing_and_cannot_be_turned_into_an_approval(
    world: World, as_: Any, cap: Any
) -> None:
    jinji, lead = as_(world.jinji), as_(world.lead)
    path = request_of(jinji)
    page = lead.page("/hr/approvals")
    assert answered(lead, path, "decline").status_code == 303
    assert "見送られました" in jinji.page("/hr/approvals")
    assert answered(lead, path, page=page).status_code == 403
    assert cap() == GROUP


def test_approving_twice_is_refused_the_second_time(world: World, as_: Any, cap: Any) -> None:
    lead = as_(world.lead)
    path = request_of(as_(world.jinji))
    page = lead.page("/hr/approvals")
    assert answered(lead, path, page=page).status_code == 303
    assert answered(lead, path, page=page).status_code == 403
    assert cap() == COHORT


@pytest.mark.parametrize(
    "tampered",
    [
        {"field": "university", "before": "group", "after": "all"},  # beyond the limit of the field
        {"field": "links", "before": "nobody", "after": "cohort"},
        {"field": "no-such-field", "before": "group", "after": "cohort"},
        {"field": "university", "before": "group", "after": "hr"},
        {"field": "university", "before": "cohort", "after": "group"},
        {"field": "university"},
        {"field": "university", "before": "group", "after": "cohort", "floor": "cohort"},
        ["university"],
    ],
)
def test_a_request_whose_content_was_tampered_with_is_never_carried_out(
    world: World, as_: Any, write: Any, cap: Any, rows: Any, tampered: Any
) -> None:
    lead = as_(world.lead)
    path = request_of(as_(world.jinji))
    before = lead.page("/hr/approvals")
    write(lambda: session.execute(update(Approval).values(asked=tampered)))
    answer = answered(lead, path, page=before)
    assert answer.status_code == 409  # what was read is no longer what is there
    assert "表示したときと変わっています" in answer.text
    page = lead.page("/hr/approvals")
    assert "承認して反映する" not in page
    assert answered(lead, path, page=page).status_code == 422  # read as it is now, and refused for what it is
    assert cap() == GROUP
    assert rows(select(Approval.outcome)) == [""]


def test_another_sound_request_put_in_its_place_is_not_what_was_read(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    lead = as_(world.lead)
    path = request_of(as_(world.jinji))
    before = lead.page("/hr/approvals")
    other = {"field": "pastime", "before": "group", "after": "all"}
    write(lambda: session.add(FieldCap(field="pastime", bits=GROUP)))
    write(lambda: session.execute(update(Approval).values(asked=other)))
    assert answered(lead, path, page=before).status_code == 409
    assert rows(select(FieldCap.bits)) == [GROUP, GROUP]


def test_a_cap_that_changed_since_it_was_asked_cannot_be_approved(world: World, as_: Any, cap: Any) -> None:
    jinji, lead = as_(world.jinji), as_(world.lead)
    path = request_of(jinji)
    page = lead.page("/hr/approvals")
    lowered = jinji.post("/hr/privacy/university?cap=nobody", {"cap": "nobody", "seen": "group"})
    assert lowered.status_code == 303
    answer = answered(lead, path, page=page)
    assert answer.status_code == 409
    assert "依頼のあとに上限が変わったため" in answer.text
    assert "承認して反映する" not in lead.page("/hr/approvals")
    assert cap() == 0


@pytest.mark.parametrize(
    "change", [{"suspended_at": clock.now()}, {"ended_at": clock.now()}, {"roles": int(Role.EMPLOYEE)}]
)
def test_a_request_of_somebody_who_is_no_longer_hr_cannot_be_approved(
    world: World, as_: Any, write: Any, cap: Any, change: dict[str, Any]
) -> None:
    path = request_of(as_(world.jinji))
    write(lambda: session.execute(update(Member).where(Member.id == world.jinji.id).values(**change)))
    answer = answered(as_(world.lead), path)
    assert answer.status_code == 409
    assert "人事の担当ではなくなった" in answer.text
    assert cap() == GROUP


def test_asking_the_same_again_while_it_waits_is_refused(world: World, as_: Any, rows: Any) -> None:
    request_of(as_(world.jinji))
    answer = asked(as_(world.lead))
    assert answer.status_code == 409
    assert "すでに承認を待っています" in answer.text
    assert len(rows(select(Approval.id))) == 1


def test_a_reason_is_needed_and_not_a_long_one(world: World, as_: Any, rows: Any) -> None:
    jinji = as_(world.jinji)
    for reason, sentence in (("　", "理由を入力してください"), ("あ" * 201, "200文字以内にしてください")):
        answer = asked(jinji, reason)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "承認を依頼する" in answer.text
    assert rows(select(Approval.id)) == []


def test_a_kind_nobody_carries_out_cannot_be_asked(world: World, acting: Any, rows: Any) -> None:
    for kind in ("no_such_kind", ""):
        with pytest.raises(NoSuchAct):
            acting(world.jinji, ask, kind, {}, "理由")
    assert rows(select(Approval.id)) == []


def test_a_stored_request_of_a_kind_nobody_carries_out_is_shown_and_refused(
    world: World, as_: Any, acting: Any, write: Any
) -> None:
    path = request_of(as_(world.jinji))
    write(lambda: session.execute(update(Approval).values(kind="export")))
    lead = as_(world.lead)
    page = lead.page("/hr/approvals")
    assert "読み取れない依頼" in page
    assert "承認して反映する" not in page
    approval_id = path.rpartition("/")[2]
    seal = acting(world.lead, approval_card, approval_id).seal
    with pytest.raises(Conflict, match="読み取れない"):
        acting(world.lead, approve, approval_id, seal=seal)


@pytest.mark.parametrize("key", ["haruka", "takumi", "mod", "desk", "audit", "admin"])
def test_for_everybody_else_no_request_exists(world: World, as_: Any, acting: Any, key: str) -> None:
    path = request_of(as_(world.jinji))
    client = as_(world.people[key])
    for address in ("/hr/approvals", path, f"/hr/approvals/{NO_SUCH_ID}"):
        assert client.get(address).status_code == 404
    for address in (path, f"{path}/withdraw"):
        assert client.post(address, {"answer": "approve", "seal": "0"}).status_code == 404
    with pytest.raises(NotFound):
        acting(world.people[key], ask, "raise_cap", {}, "理由")


def test_deciding_and_asking_ask_who_it_is_first(
    world: World, as_: Any, held_clock: Any, cap: Any, rows: Any
) -> None:
    start = clock.now()
    with held_clock(start):
        jinji, lead = as_(world.jinji), as_(world.lead)
        path = request_of(jinji)
        page = lead.page("/hr/approvals")
    with held_clock(start + timedelta(minutes=5, seconds=2)):
        answer = answered(lead, path, page=page)
        assert answer.headers["Location"].startswith("/confirm")
        assert path.replace("/", "%2F") in answer.headers["Location"] or path in answer.headers["Location"]
        assert lead.get(path).headers["Location"].startswith("/confirm")
        assert asked(jinji).headers["Location"].startswith("/confirm")
        assert jinji.get("/hr/privacy/university").headers["Location"].startswith("/confirm")
    assert cap() == GROUP
    assert len(rows(select(Approval.id))) == 1


def test_the_other_person_of_hr_finds_it_on_their_desk_and_who_asked_does_not(world: World, as_: Any) -> None:
    jinji, lead = as_(world.jinji), as_(world.lead)
    path = request_of(jinji)
    assert f"{TASK} 1件" in lead.page("/hr")
    assert TASK not in jinji.page("/hr")
    answered(lead, path)
    assert TASK not in lead.page("/hr")


def test_where_nobody_else_could_approve_the_page_says_who_is_missing(
    world: World, as_: Any, write: Any, rows: Any
) -> None:
    gone = update(Member).where(Member.id == world.jinji.id).values(suspended_at=clock.now())
    write(lambda: session.execute(gone))
    lead = as_(world.lead)
    for path in ("/hr/approvals", "/hr/privacy/university?cap=cohort"):
        page = lead.page(path)
        assert "承認できる人事の担当者がもう1名必要です" in page
        assert 'href="/hr/invitations/new"' in page
    assert "承認を依頼する" not in page
    assert asked(lead).status_code == 409
    assert rows(select(Approval.id)) == []


def test_two_approvers_at_once_act_once(world: World, app: Flask, as_: Any, write: Any, rows: Any) -> None:
    write(
        lambda: session.execute(update(Member).where(Member.id == world.takumi.id).values(roles=int(Role.HR)))
    )
    path = request_of(as_(world.jinji))
    approval_id, found, gate = path.rpartition("/")[2], [], Barrier(2)
    before = rows(select(Community.version))[0]

    def decide(person: Any) -> None:
        with app.app_context():
            viewer = viewer_of(person.id)
            seal = approval_card(viewer, approval_id).seal
            gate.wait(10)
            try:
                approve(viewer, approval_id, seal=seal)
                found.append("done")
            except AppError as refusal:
                found.append(str(refusal))

    threads = [Thread(target=decide, args=(person,)) for person in (world.lead, world.takumi)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(found) == sorted(["done", "この依頼は、すでに処理されています。"])
    assert rows(select(Community.version)) == [before + 1]
    assert rows(select(Approval.outcome)) == ["approved"]


def test_nobody_asks_under_the_name_of_a_colleague(world: World, as_: Any, write: Any) -> None:
    request_of(as_(world.jinji))

    def put_on_a_name() -> None:
        member = session.get_one(Member, world.jinji.id)
        member.legal_name, member.kana, member.display_name = "佐藤 花", "サトウ ハナ", "田中"

    write(put_on_a_name)
    text = as_(world.lead).page("/hr/approvals").partition("<main")[2]
    assert "佐藤 花" in text
    assert "田中" not in text


def test_the_names_of_those_who_left_are_not_kept_on_the_page(world: World, as_: Any, write: Any) -> None:
    lead = as_(world.lead)
    answered(lead, request_of(as_(world.jinji)))
    erased = update(Member).where(Member.id == world.jinji.id).values(display_name="", ended_at=clock.now())
    write(lambda: session.execute(erased))
    assert "退会した方" in lead.page("/hr/approvals")
    write(lambda: session.execute(delete(Approval)))
