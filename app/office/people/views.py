"""Doors to HR's list of people and to one person's membership."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import operations as accounts
from app.core.clock import now
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import t
from app.core.ids import PublicId, is_public_id
from app.core.paging import Cursor
from app.core.web import keep_in_browser, kept_in_browser, page
from app.ledger.words import PURPOSES

from ..bulk.forms import BulkForm
from ..door import bp
from ..forms import NO_GROUP, offer
from ..places import operations as places
from . import operations, queries
from .cards import NONE, STATES, PeopleFilter
from .forms import EndForm, GroupChoiceForm, MoveForm, PurposeForm, SuspendForm, ViewForm, kinds_of_people

LONGEST_QUERY = 60
REMEMBERED_FOR = timedelta(minutes=15)  # privacy.md: how long the last purpose stands first


def chosen_people() -> PeopleFilter:
    """What the address narrows the list to; what is no such thing means all."""
    given = request.args
    role, state = given.get("role", "candidate"), given.get("state", "")
    group = given.get("group", "")
    return PeopleFilter(
        query=" ".join(given.get("q", "").replace("\0", "").split())[:LONGEST_QUERY],
        cohort=_id(given.get("cohort", "")),
        group=group if group == NONE else _id(group),
        mentor=NONE if given.get("mentor") == NONE else "",
        role=role if role in kinds_of_people() else "candidate",
        state=state if state in {"invited", *STATES} else "",
    )


def _id(value: str) -> PublicId:
    return value if is_public_id(value) else ""


def _cursor() -> Cursor:
    after, before = _id(request.args.get("after", "")), _id(request.args.get("before", ""))
    return Cursor(after=after or None, before=before or None)


def _listed(chosen: PeopleFilter) -> str:
    return f"{url_for('.people')}?{chosen.address}"


@bp.get("/hr/people")
def people() -> str:
    """Everybody, in フリガナ order."""
    chosen = chosen_people()
    found = queries.people_page(g.viewer, chosen, _cursor())
    # Whoever looks for people without a mentor, or without a 班, is most likely to give them one.
    act = "mentor" if chosen.mentor else "group" if chosen.group == NONE else "invite"
    return page(
        "office/people.html",
        page=found,
        kinds=kinds_of_people().items(),
        form=blank(BulkForm, act=act),
        view_form=blank(ViewForm),
    )


@bp.post("/hr/people/views")
@redisplay(people)
def save_view() -> AnyResponse:
    """Keep the filter on the screen."""
    chosen = chosen_people()
    operations.save_view(g.viewer, **parse(ViewForm), query=chosen.address)
    flash(t("条件を保存しました。一覧の上から、いつでも呼び出せます"))
    return redirect(_listed(chosen), 303)


@bp.post("/hr/people/views/<id:view_id>/forget")
def forget_view(view_id: PublicId) -> AnyResponse:
    """Drop it."""
    parse(PressForm)
    operations.forget_view(g.viewer, view_id)
    flash(t("保存した条件を消しました"))
    return redirect(_listed(chosen_people()), 303)


@bp.get("/hr/people/<id:person_id>")
def person(person_id: PublicId) -> str:
    """One person's membership; what the list does not show only after a purpose was chosen today."""
    found = queries.person_page(g.viewer, person_id)
    place = blank(GroupChoiceForm, group=found.group_id or NO_GROUP)
    offer(place.group, [(NO_GROUP, t("班に入れない")), *found.groups])
    move = blank(MoveForm, cohort=found.cohort_id)
    offer(move.cohort, found.cohorts)
    return page(
        "office/person.html",
        page=found,
        purposes=_purposes(),
        purpose_form=blank(PurposeForm),
        suspend_form=blank(SuspendForm),
        end_form=blank(EndForm),
        place_form=place,
        move_form=move,
    )


def _purposes() -> list[tuple[str, str, bool]]:
    """(code, label, whether it was the last one chosen a moment ago); that one first."""
    code, until = kept_in_browser("purpose") or ("", 0.0)
    last = code if now().timestamp() < until else ""
    return sorted(
        ((key, str(label), key == last) for key, label in PURPOSES.items()), key=lambda each: not each[2]
    )


@bp.post("/hr/people/<id:person_id>/open")
@redisplay(person)
def open_person(person_id: PublicId) -> AnyResponse:
    """Say what for, and see what the list does not show; the person sees this at once."""
    chosen = parse(PurposeForm)["purpose"] or ""
    operations.open_profile(g.viewer, person_id, purpose=chosen)
    keep_in_browser("purpose", (chosen, (now() + REMEMBERED_FOR).timestamp()))
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/hr/people/<id:person_id>/suspend")
@redisplay(person)
def suspend(person_id: PublicId) -> AnyResponse:
    """Close somebody's doors for a while; whatever they have open ends at once."""
    accounts.suspend_member(g.viewer, person_id, **parse(SuspendForm))
    flash(t("利用を停止しました。いつでも再開できます"))
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/hr/people/<id:person_id>/lift")
def lift(person_id: PublicId) -> AnyResponse:
    """Open the doors again."""
    parse(PressForm)
    accounts.lift_suspension(g.viewer, person_id)
    flash(t("利用を再開しました"))
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/hr/people/<id:person_id>/end")
@redisplay(person)
def end(person_id: PublicId) -> AnyResponse:
    """End somebody's membership for good."""
    accounts.end_membership_of(g.viewer, person_id, **parse(EndForm))
    flash(t("退会の手続きが終わりました"))
    return redirect(url_for(".people"), 303)


@bp.post("/hr/people/<id:person_id>/group")
@redisplay(person)
def place(person_id: PublicId) -> AnyResponse:
    """Put somebody into a 班, or out of it."""
    places.put_into_group(g.viewer, [person_id], parse(GroupChoiceForm)["group"] or None)
    flash(t("班を変更しました"))
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/hr/people/<id:person_id>/cohort")
@redisplay(person)
def move(person_id: PublicId) -> AnyResponse:
    """Move somebody to another cohort."""
    places.move_to_cohort(g.viewer, person_id, parse(MoveForm)["cohort"] or "")
    flash(t("入社時期を変更しました。班は、あらためて選んでください"))
    return redirect(url_for(".person", person_id=person_id), 303)
