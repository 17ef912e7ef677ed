"""Doors to cohorts, groups and walls."""

from __future__ import annotations

import secrets

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import t
from app.core.ids import PublicId
from app.core.web import page

from ..bulk import operations as bulk
from ..door import bp, organising
from ..forms import NO_GROUP, offer
from . import operations, queries
from .cards import LARGEST, SMALLEST
from .forms import CohortForm, GroupForm, GroupingForm, GroupsForm, PlaceForm, WallsForm


@bp.get("/hr/cohorts")
def cohorts() -> str:
    """Every cohort."""
    return page("office/cohorts.html", page=queries.cohorts_page(g.viewer), form=blank(CohortForm))


@bp.post("/hr/cohorts")
@redisplay(cohorts)
def open_cohort() -> AnyResponse:
    """Make one more."""
    cohort_id = operations.open_cohort(g.viewer, **parse(CohortForm))
    flash(t("入社時期を作りました"))
    return redirect(url_for(".cohort", cohort_id=cohort_id), 303)


@bp.get("/hr/cohorts/<id:cohort_id>")
def cohort(cohort_id: PublicId) -> str:
    """One cohort with its groups and people."""
    found = queries.cohort_page(g.viewer, cohort_id)
    row = found.row
    form = blank(
        CohortForm,
        name=row.name,
        starts_on=row.starts_on,
        office_note=row.office_note,
        is_minor_profile=row.is_minor_profile,
    )
    place_form = blank(PlaceForm)
    offer(place_form.group, [*((one.id, one.name) for one in found.groups), (NO_GROUP, t("班から外す"))])
    return page(
        "office/cohort.html", page=found, form=form, groups_form=blank(GroupsForm), place_form=place_form
    )


@bp.post("/hr/cohorts/<id:cohort_id>")
@redisplay(cohort)
def change_cohort(cohort_id: PublicId) -> AnyResponse:
    """Correct it."""
    operations.change_cohort(g.viewer, cohort_id, **parse(CohortForm))
    flash(t("保存しました"))
    return redirect(url_for(".cohort", cohort_id=cohort_id), 303)


@bp.post("/hr/cohorts/<id:cohort_id>/groups")
@redisplay(cohort)
def open_groups(cohort_id: PublicId) -> AnyResponse:
    """Make one 班 or several."""
    count = operations.open_groups(g.viewer, cohort_id, **parse(GroupsForm))
    flash(t("%(count)s班を作りました", count=count))
    return redirect(url_for(".cohort", cohort_id=cohort_id), 303)


@bp.post("/hr/cohorts/<id:cohort_id>/place")
@redisplay(cohort)
def place_many(cohort_id: PublicId) -> AnyResponse:
    """Put the chosen people into a 班, or out of it."""
    form = parse(PlaceForm)
    count = operations.place_in_cohort(g.viewer, cohort_id, form["people"], form["group"] or None)
    flash(t("%(count)s名の班を変更しました", count=count))
    return redirect(url_for(".cohort", cohort_id=cohort_id), 303)


# ── 班を自動で作る ───────────────────────────────────────────────────────────────────────────────────────────


def _wished() -> dict[str, int | str]:
    """How many people a 班 shall have, and which of the ways to divide them is on the screen."""
    size = request.args.get("size", 6, type=int)
    seed = request.args.get("seed", "")
    return {
        "size": min(max(size, SMALLEST), LARGEST),
        "seed": seed if seed.isdigit() and len(seed) < 9 else "1",
    }


@bp.get("/hr/cohorts/<id:cohort_id>/grouping")
def grouping(cohort_id: PublicId) -> str:
    """How people would be divided; the page can be asked for another way."""
    found = queries.grouping_page(g.viewer, cohort_id, **_wished())  # type: ignore[arg-type]
    return page(
        "office/grouping.html",
        page=found,
        form=blank(GroupingForm),
        sizes=range(SMALLEST, LARGEST + 1),
        other_seed=secrets.randbelow(10**8),
    )


@bp.post("/hr/cohorts/<id:cohort_id>/grouping")
@redisplay(grouping)
def make_groups(cohort_id: PublicId) -> AnyResponse:
    """Make exactly the groups on the screen."""
    count = bulk.make_groups(g.viewer, cohort_id, **_wished(), **parse(GroupingForm))  # type: ignore[arg-type]
    flash(t("%(count)s班を作りました。1日のあいだ、元に戻せます", count=count))
    return redirect(url_for(".acts"), 303)


# ── one group, walls ─────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/groups/<id:group_id>")
def group(group_id: PublicId) -> str:
    """The name of a 班."""
    found = queries.group_page(g.viewer, group_id)
    return page("office/group.html", page=found, form=blank(GroupForm, name=found.name))


@bp.post("/hr/groups/<id:group_id>")
@redisplay(group)
def rename_group(group_id: PublicId) -> AnyResponse:
    """Give it another one."""
    operations.rename_group(g.viewer, group_id, **parse(GroupForm))
    flash(t("班の名前を変更しました"))
    return redirect(url_for(".cohort", cohort_id=queries.group_page(g.viewer, group_id).cohort_id), 303)


@bp.post("/hr/groups/<id:group_id>/close")
@organising
def close_group(group_id: PublicId) -> AnyResponse:
    """Do away with it."""
    parse(PressForm)
    cohort_id = queries.group_page(g.viewer, group_id).cohort_id
    operations.close_group(g.viewer, group_id)
    flash(t("班を削除しました"))
    return redirect(url_for(".cohort", cohort_id=cohort_id), 303)


@bp.get("/hr/walls")
def walls() -> str:
    """Between which cohorts a wall stands."""
    return page("office/walls.html", page=queries.walls_page(g.viewer))


@bp.post("/hr/walls")
def draw_walls() -> AnyResponse:
    """Let walls stand exactly there."""
    keys = parse(WallsForm)["walls"]
    operations.draw_walls(
        g.viewer, [(one, other) for one, _dash, other in (key.partition("-") for key in keys)]
    )
    flash(t("壁を保存しました"))
    return redirect(url_for(".walls"), 303)
