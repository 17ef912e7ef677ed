"""HR's side: who may invite whom, sending, correcting, revoking."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import session
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.events import OutboxRow
from app.invitations.cards import Invitee
from app.invitations.operations import (
    accept_invitation,
    correct_invitation,
    invite_people,
    invite_person,
    revoke_invitations,
    send_all_invitations,
    send_invitations,
)
from app.invitations.queries import invitations_page
from app.models import Invitation, Member, Role
from app.policy import NOBODY
from tests.conftest import NO_SUCH_ID, NOON

FORM = {
    "role": "candidate",
    "legal_name": "髙橋 葵",
    "kana": "たかはし あおい",
    "mail": "Aoi@Univ.example.jp",
}
ROUTES = (
    "/hr/invitations",
    "/hr/invitations/new",
    "/hr/invitations/import",
    "/hr/invitations/send-all?state=unsent",
)
POSTS = (
    "/hr/invitations/new",
    "/hr/invitations/import",
    "/hr/invitations/import/confirm",
    "/hr/invitations/send",
    "/hr/invitations/send-all",
    "/hr/invitations/send/review",
    "/hr/invitations/revoke",
    "/hr/invitations/revoke/review",
    f"/hr/invitations/{NO_SUCH_ID}",
)


def without_csrf(text: str) -> str:
    """A page without what differs from one showing to the next."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)


def test_hr_invites_one_person_and_nothing_is_mailed_until_hr_sends(
    as_: Any, world: Any, deliver: Any, letters: Any
) -> None:
    hr = as_(world.jinji)
    made = hr.post("/hr/invitations/new", {**FORM, "cohort": world.april.public_id, "group": world.group_id})
    assert made.status_code == 302, made.text
    deliver()
    assert letters() == []
    assert "aoi@univ.example.jp" in hr.page("/hr/invitations?state=unsent")
    text = hr.page(made.location)
    assert "タカハシ アオイ" in text
    invitation_id = made.location.rsplit("/", 1)[1]
    assert hr.post("/hr/invitations/send", {"ids": invitation_id}).status_code == 302
    deliver()
    assert [letter.to for letter in letters()] == ["髙橋 葵 <aoi@univ.example.jp>"]
    assert "aoi@univ.example.jp" in hr.page("/hr/invitations?state=sent")


def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong_beside_it(as_: Any, world: Any) -> None:
    hr = as_(world.jinji)
    answer = hr.post("/hr/invitations/new", {**FORM, "mail": "aoi", "kana": "高橋"})
    assert answer.status_code == 422
    for said in (
        "髙橋 葵",
        "メールアドレスの形になっていません",
        "フリガナはカタカナで",
        "入社時期を選んでください",
    ):
        assert said in answer.text
    assert hr.post("/hr/invitations/new", {**FORM, "is_lead": "1"}).status_code == 422


@pytest.mark.parametrize("person", ["haruka", "takumi", "mod", "desk", "audit"])
def test_for_whoever_may_not_invite_every_page_looks_like_a_missing_one(
    as_: Any, world: Any, person: str
) -> None:
    client = as_(world.people[person])
    missing = without_csrf(client.get("/hr/no-such-page").text)
    for path in ROUTES:
        answer = client.get(path)
        assert (answer.status_code, without_csrf(answer.text)) == (404, missing), path
    for path in POSTS:
        answer = client.post(path, {"ids": NO_SUCH_ID, "lines": "a"})
        assert answer.status_code == 404, path


def test_hr_invites_candidates_and_employees_only_and_the_lead_appoints(acting: Any, world: Any) -> None:
    invitee = Invitee(mail="new@example.jp", legal_name="新 人事", roles=("hr",))
    with pytest.raises(Forbidden, match="システム管理者または人事責任者"):
        acting(world.jinji, invite_person, invitee)
    with pytest.raises(Forbidden):
        acting(world.jinji, invite_people, [invitee])
    assert acting(world.lead, invite_person, invitee)
    assert acting(
        world.admin, invite_person, Invitee(mail="other@example.jp", roles=("employee", "moderator"))
    )


def test_roles_that_exclude_each_other_are_refused_in_a_sentence(acting: Any, world: Any) -> None:
    for roles in (("candidate", "employee"), ("desk", "hr"), ("auditor", "administrator")):
        with pytest.raises(Invalid) as refused:
            acting(
                world.lead,
                invite_person,
                Invitee(mail="x@example.jp", roles=roles, cohort=world.april.public_id),
            )
        assert "兼ねる" in str(refused.value.fields["role"][0])


def test_the_administrator_handles_invitations_of_staff_only(
    acting: Any, as_: Any, world: Any, sent_link: Any
) -> None:
    invitation_id, _path = sent_link()
    with pytest.raises(NotFound):
        acting(world.admin, send_invitations, [invitation_id])
    assert acting(world.admin, invitations_page, state="", cohort="", number=1).total == 0
    assert as_(world.admin).get(f"/hr/invitations/{invitation_id}").status_code == 404


def test_an_address_that_is_taken_is_said_to_hr_and_not_to_others(acting: Any, world: Any) -> None:
    acting(world.jinji, invite_person, Invitee(mail="aoi@univ.example.jp", cohort=world.april.public_id))
    for mail, said in (
        ("haruka@example.jp", "すでに参加しています"),
        ("AOI@univ.example.jp", "すでに招待があります"),
    ):
        with pytest.raises(Invalid) as refused:
            acting(world.jinji, invite_person, Invitee(mail=mail, cohort=world.april.public_id))
        assert said in str(refused.value.fields["mail"][0])
        with pytest.raises(Invalid) as refused:
            acting(world.admin, invite_person, Invitee(mail=mail, roles=("employee",)))
        assert "招待を作れません" in str(refused.value.fields["mail"][0])


def test_an_address_whose_invitation_was_revoked_can_be_invited_again(
    acting: Any, world: Any, rows: Any
) -> None:
    invitee = Invitee(mail="aoi@univ.example.jp", cohort=world.april.public_id)
    first = acting(world.jinji, invite_person, invitee)
    acting(world.jinji, revoke_invitations, [first])
    second = acting(world.jinji, invite_person, invitee)
    assert rows(select(Invitation.public_id)) == [second]
    assert first != second


def test_the_letter_survives_a_real_mail_parser(app: Any, sent_link: Any) -> None:
    _id, path = sent_link()
    folder = app.extensions["tsubomi.settings"].mail_folder
    (file,) = folder.glob("*.eml")
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert letter["Subject"] == "【花丘商事】内定者コミュニティへのご招待"
    address = letter["To"].addresses[0]
    assert (address.display_name, address.addr_spec) == ("髙橋 葵", "aoi@univ.example.jp")
    text = letter.get_body(("plain",)).get_content()
    for said in (
        "髙橋 葵さん",
        "参加は任意です",
        "リンクの有効期限",
        f"http://localhost{path}",
        "招待したjinjiさんまで",
        "心当たりがない",
    ):
        assert said in text
    assert "必須" not in text
    assert "<" not in text


def test_an_inviter_whose_name_already_carries_san_gets_no_second_one(
    world: Any, write: Any, sent_link: Any, letters: Any
) -> None:
    called = {"display_name": "佐藤さん（採用担当）"}
    write(lambda: session.execute(update(Member).where(Member.id == world.jinji.id).values(called)))
    sent_link()
    assert "招待した佐藤さん（採用担当）まで" in letters()[-1].text


def test_a_letter_sent_again_carries_a_new_link_and_the_old_one_dies(
    acting: Any, world: Any, anyone: Any, sent_link: Any, deliver: Any, link_in: Any
) -> None:
    invitation_id, old = sent_link()
    with clock.hold(clock.now() + timedelta(seconds=2)):
        acting(world.jinji, send_invitations, [invitation_id])
    folder_before = old
    deliver()
    client = anyone()
    assert client.get(folder_before).status_code == 404
    assert acting(world.jinji, invitations_page, state="sent", cohort="", number=1).total == 1


def test_the_listener_sends_nothing_after_revoking_joining_or_sending_anew(
    acting: Any, app: Any, world: Any, deliver: Any, letters: Any, rows: Any
) -> None:
    invitee = Invitee(mail="aoi@univ.example.jp", cohort=world.april.public_id)
    invitation_id = acting(world.jinji, invite_person, invitee)
    acting(world.jinji, send_invitations, [invitation_id])
    acting(world.jinji, send_invitations, [invitation_id])
    assert deliver() == 2
    assert len(letters()) == 1, "the first sending was overtaken by the second"
    acting(world.jinji, send_invitations, [invitation_id])
    acting(world.jinji, revoke_invitations, [invitation_id])
    assert deliver() == 1
    assert len(letters()) == 1
    assert rows(select(OutboxRow)) == []


def test_correcting_the_address_ends_the_link_that_went_to_the_old_one(
    acting: Any, as_: Any, world: Any, anyone: Any, sent_link: Any
) -> None:
    invitation_id, path = sent_link()
    hr = as_(world.jinji)
    typed = {
        "legal_name": "髙橋 葵",
        "kana": "タカハシ",
        "mail": "aoi@univ.example.jp",
        "cohort": world.april.public_id,
    }
    assert hr.post(f"/hr/invitations/{invitation_id}", typed).status_code == 302
    assert anyone().get(path).status_code == 200, "a corrected name leaves the link alone"
    assert (
        hr.post(f"/hr/invitations/{invitation_id}", {**typed, "mail": "aoi2@univ.example.jp"}).status_code
        == 302
    )
    assert anyone().get(path).status_code == 404
    assert "未送信" in hr.page(f"/hr/invitations/{invitation_id}")
    with pytest.raises(Invalid):
        acting(
            world.jinji,
            correct_invitation,
            invitation_id,
            Invitee(mail="sora@example.jp", cohort=world.april.public_id),
        )


def test_a_revoked_invitation_is_neither_sent_nor_corrected(
    acting: Any, world: Any, sent_link: Any, rows: Any
) -> None:
    invitation_id, _path = sent_link()
    assert acting(world.jinji, revoke_invitations, [invitation_id]) == 1
    assert acting(world.jinji, revoke_invitations, [invitation_id]) == 0
    assert acting(world.jinji, send_invitations, [invitation_id]) == 0
    with pytest.raises(Conflict):
        acting(world.jinji, correct_invitation, invitation_id, Invitee(mail="b@example.jp"))
    with pytest.raises(NotFound):
        acting(world.jinji, send_invitations, [invitation_id, NO_SUCH_ID])


def test_bulk_acts_are_shown_with_counts_before_they_are_done(
    as_: Any, world: Any, acting: Any, sent_link: Any
) -> None:
    one, _path = sent_link()
    two = acting(world.jinji, invite_person, Invitee(mail="b@example.jp", cohort=world.april.public_id))
    gone = acting(world.jinji, invite_person, Invitee(mail="c@example.jp", cohort=world.april.public_id))
    acting(world.jinji, revoke_invitations, [gone])
    hr = as_(world.jinji)
    shown = hr.post("/hr/invitations/send/review", {"ids": [one, two, gone]})
    assert shown.status_code == 200
    for said in ("2名に招待メールを送信します", "1名には再送になります", "取り消し済みの1名には送信しません"):
        assert said in shown.text
    shown = hr.post("/hr/invitations/revoke/review", {"ids": [one, two]})
    assert "2名の招待を取り消します" in shown.text
    nothing = hr.post("/hr/invitations/send/review?state=unsent", {})
    assert nothing.status_code == 422
    assert "1名以上選んでください" in nothing.text


def test_everyone_of_a_filtered_list_is_sent_to_as_long_as_the_number_still_holds(
    as_: Any, acting: Any, world: Any, rows: Any
) -> None:
    for number in range(3):
        acting(
            world.jinji, invite_person, Invitee(mail=f"a{number}@example.jp", cohort=world.april.public_id)
        )
    hr = as_(world.jinji)
    assert "3名に招待メールを送信します" in hr.page("/hr/invitations/send-all?state=unsent")
    with pytest.raises(Conflict, match="2名から3名"):
        acting(world.jinji, send_all_invitations, state="unsent", cohort="", count=2)
    answer = hr.post("/hr/invitations/send-all", {"state": "unsent", "cohort": "", "count": "3"})
    assert answer.status_code == 302
    assert rows(select(func.count()).select_from(OutboxRow)) == [3]


def test_the_list_stands_in_kana_order_and_tells_no_more_than_the_procedure(
    as_: Any, acting: Any, world: Any, anyone: Any, sent_link: Any
) -> None:
    for kana in ("ワダ", "アオキ", "サトウ"):
        invitee = Invitee(
            mail=f"{len(kana)}{ord(kana[0])}@example.jp", kana=kana, cohort=world.april.public_id
        )
        acting(world.jinji, invite_person, invitee)
    _id, path = sent_link(kana="カトウ")
    hr = as_(world.jinji)
    before = without_csrf(hr.page("/hr/invitations"))
    assert [before.index(kana) for kana in ("アオキ", "カトウ", "サトウ", "ワダ")] == sorted(
        before.index(kana) for kana in ("アオキ", "カトウ", "サトウ", "ワダ")
    )
    visitor = anyone()
    visitor.page(path)
    visitor.page(f"{path}/name")
    assert without_csrf(hr.page("/hr/invitations")) == before, "opening a link must leave no trace"


def test_a_list_of_hundreds_costs_as_many_statements_as_one_of_ten(
    as_: Any, acting: Any, world: Any, queries: Any
) -> None:
    hr = as_(world.jinji)
    counts = []
    for start, end in ((0, 10), (10, 250)):
        many = [Invitee(mail=f"p{n}@example.jp", cohort=world.april.public_id) for n in range(start, end)]
        acting(world.jinji, invite_people, many)
        hr.page("/hr/invitations")
        with queries() as seen:
            hr.page("/hr/invitations?page=1")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 8
    assert "3" in hr.page("/hr/invitations?page=3")


def test_three_thousand_letters_are_put_in_the_outbox_in_few_statements(
    acting: Any, world: Any, queries: Any, rows: Any
) -> None:
    many = [Invitee(mail=f"p{number}@example.jp", cohort=world.april.public_id) for number in range(3000)]
    acting(world.jinji, invite_people, many)
    with queries() as seen:
        assert acting(world.jinji, send_all_invitations, state="unsent", cohort="", count=3000) == 3000
    assert rows(select(func.count()).select_from(OutboxRow)) == [3000]
    assert len(seen) <= 30, len(seen)


def test_the_second_person_with_hr_powers_ends_the_set_up_mode(
    app: Any, acting: Any, world: Any, rows: Any, write: Any, sent_link: Any
) -> None:
    from app.core.db import session
    from app.models import Community

    def begin_set_up() -> None:
        session.get_one(Community, 1).second_hr_at = None
        session.get_one(Member, world.lead.id).ended_at = NOON

    write(begin_set_up)
    _id, path = sent_link("second@example.jp", by="admin", roles=("hr",))
    with app.app_context():
        accept_invitation(
            NOBODY,
            path.rsplit("/", 1)[1],
            display_name="ふたりめ",
            bud=3,
            pace="few",
            rules_version=1,
            language="ja",
            password_hash="x",
        )
    assert rows(select(Community.second_hr_at))[0] is not None
    assert rows(select(Member.roles).where(Member.mail == "second@example.jp")) == [int(Role.HR)]
