"""見え方と閲覧履歴: one's own page through other eyes, what the office sees, and who looked at one's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Row, and_, bindparam, select

from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import t, tn
from app.core.paging import Cursor, Keyset
from app.ledger.words import entry_sentence
from app.models import AccessEntry, ProfileValue, Relation
from app.policy import Viewer, eyes_apart_from, eyes_of, standing

from ..cards import Pager, PersonPage
from ..queries import beside_me, person_page, shown_fields
from .cards import EntriesPage, EntryRow, EyesPage, EyesTab, SightPage
from .statements import sections_for

ENTRIES_A_PAGE = 30


# ── through other eyes ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Eyes:
    """One choice. `relation` is None for those who do not exist for each other."""

    relation: Relation | None
    label: str
    who: str
    note: str = ""


def eyes_page(viewer: Viewer, eyes: str = "") -> EyesPage:
    """One's own profile as others see it, by the query their own pages are made with. A choice that is none is the first."""
    if not viewer.is_active or viewer.id is None:
        raise NotFound()
    choices = _choices_of_candidate(viewer) if viewer.is_candidate else _choices_of_staff()
    chosen = eyes if eyes in choices else next(iter(choices))
    profile, missing = _seen_through(viewer, choices[chosen].relation)
    shown = {field.key for field in profile.fields} if profile else set()
    mine = shown_fields(viewer, viewer.id)
    return EyesPage(
        tabs=tuple(
            EyesTab(key, each.label, f"/me/visibility?eyes={key}", key == chosen)
            for key, each in choices.items()
        ),
        eyes=chosen,
        who=choices[chosen].who,
        note=choices[chosen].note,
        profile=profile,
        missing=missing,
        hidden=tuple(field.label for field in mine if field.key not in shown),
        has_fields=bool(mine),
        is_staff=viewer.is_staff,
    )


def _seen_through(viewer: Viewer, relation: Relation | None) -> tuple[PersonPage | None, str]:
    """The page these eyes get, or the sentence they get in its place."""
    eyes = eyes_apart_from(viewer) if relation is None else eyes_of(relation, viewer)
    try:
        return person_page(eyes, viewer.public_id), ""
    except NotFound as missing:
        return None, str(missing)


def _choices_of_candidate(viewer: Viewer) -> dict[str, _Eyes]:
    back = t("氏名や大学は、相手もご自分のものを同じ範囲まで表示しているときだけ、相手に表示されます。")
    alone = "" if viewer.group_ids else t("いまは班に入っていないため、この見え方になる人はいません。")
    mentors = beside_me(viewer)
    choices = {
        "group": _Eyes(Relation.GROUP, t("同じ班"), t("同じ班の内定者"), alone or back),
        "cohort": _Eyes(Relation.COHORT, t("同期"), t("同期の内定者"), back),
        "candidates": _Eyes(Relation.ALLCAND, t("ほかの時期"), t("ほかの時期に入社する内定者"), back),
        "employee": _Eyes(Relation.EMPLOYEE, tn("社員", "社員", 1), t("社員")),
        "mentor": _Eyes(Relation.MENTOR, t("メンター"), t("あなたのメンター")),
        "hr": _Eyes(
            Relation.HR,
            t("人事"),
            t("人事"),
            t(
                "人事がこの内容を開くには目的を選ぶ必要があり、開いたことは閲覧履歴に残ります。"
                "手続きの状況など、このほかに見えるものは「人事から」にまとめています。"
            ),
        ),
        "apart": _Eyes(
            None,
            t("表示し合わない人"),
            t("お互いに表示されない人"),
            t(
                "ブロックした人とされた人、人事が表示を分けた相手は、お互いの名前も投稿も、どの画面にもないものとして"
                "扱われます。そのような相手がいるかどうかは、どなたにもお知らせしません。"
            ),
        ),
    }
    if not mentors:
        del choices["mentor"]
    return choices


def _choices_of_staff() -> dict[str, _Eyes]:
    """Staff have no fields to choose an audience for: candidates, colleagues and HR see the same of them."""
    return {
        "candidates": _Eyes(Relation.ALLCAND, tn("内定者", "内定者", 1), t("内定者")),
        "employee": _Eyes(Relation.EMPLOYEE, tn("社員", "社員", 1), t("社員")),
        "hr": _Eyes(Relation.HR, t("人事"), t("人事")),
    }


# ── what the office sees ─────────────────────────────────────────────────────────────────────────────────────


def sight_page(viewer: Viewer) -> SightPage:
    """What HR sees of this member and what it does not, as the rules answer for the choices that hold now."""
    rows = session.execute(
        select(ProfileValue.field, ProfileValue.effective).where(
            ProfileValue.member_id == viewer.id, standing("view", ProfileValue)
        ),
        viewer.binds,
    )
    chosen = {row.field: row.effective for row in rows}
    return SightPage(sections=sections_for(viewer, chosen), is_staff=viewer.is_staff)


# ── who looked ───────────────────────────────────────────────────────────────────────────────────────────────

# The rule also lets the auditor see everybody's; here each one finds their own alone.
_ENTRIES = Keyset(
    select(
        AccessEntry.public_id,
        AccessEntry.day,
        AccessEntry.viewer_name,
        AccessEntry.viewer_role,
        AccessEntry.action,
        AccessEntry.purpose,
        AccessEntry.approver_name,
    ),
    key=AccessEntry.id,
    public_id=AccessEntry.public_id,
    visible=and_(
        AccessEntry.subject_id == bindparam("viewer_id", type_=Integer), standing("view", AccessEntry)
    ),
    size=ENTRIES_A_PAGE,
    is_newest_first=True,
)


def entries_page(viewer: Viewer, cursor: Cursor | None = None) -> EntriesPage:
    """Who from the office looked at this member's data, newest first. A cursor of somebody else's entry begins anew."""
    cursor = cursor or Cursor()
    found = _ENTRIES.read(cursor, viewer.binds)
    if not found.rows and (cursor.after or cursor.before):
        found = _ENTRIES.read(Cursor(), viewer.binds)
    return EntriesPage(
        entries=tuple(
            EntryRow(
                id=row.public_id,
                sentence=_sentence(row),
                day=row.day,
            )
            for row in found.rows
        ),
        pager=Pager(
            newer=f"/me/visibility/entries?before={found.previous}" if found.previous else None,
            older=f"/me/visibility/entries?after={found.next}" if found.next else None,
        ),
    )


def _sentence(row: Row[Any]) -> str:
    """What the entry says. A word the house does not know was put there by other hands, and is not repeated."""
    try:
        return entry_sentence(
            name=row.viewer_name,
            role=row.viewer_role,
            action=row.action,
            purpose=row.purpose,
            approver=row.approver_name,
        )
    except KeyError:
        return t("この記録は、内容を読み取れませんでした。相談窓口にお知らせください")
