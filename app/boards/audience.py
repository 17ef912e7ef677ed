"""Who reads a board, in words; and the tokens by which the office names sets of people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from app import policy
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import _, join_names, language_now, t, tn
from app.models import BoardAudience, Cohort, Community, Group, Role
from app.policy import Viewer, allowed, standing

HR = Role.HR | Role.LEAD

# token → roles; the order is the order of the matrix
ROLE_TOKENS: dict[str, Role] = {
    "candidates": Role.CANDIDATE,
    "employees": Role.EMPLOYEE,
    "hr": HR,
    "moderators": Role.MODERATOR,
    "desk": Role.DESK,
}


@dataclass(frozen=True)
class Let:
    """One set of people let in to a board, with the names this viewer may know."""

    board_id: int
    role: int | None
    cohort_id: int | None
    cohort_name: str | None
    group_id: int | None
    group_name: str | None
    is_cohort_known: bool
    is_group_known: bool
    is_writer: bool


_LETS = (
    select(
        BoardAudience.board_id,
        BoardAudience.role,
        BoardAudience.cohort_id,
        Cohort.name.label("cohort_name"),
        BoardAudience.group_id,
        Group.name.label("group_name"),
        standing("view", Cohort).label("is_cohort_known"),
        standing("view", Group).label("is_group_known"),
        BoardAudience.is_writer,
    )
    .outerjoin(Group, Group.id == BoardAudience.group_id)
    .outerjoin(Cohort, Cohort.id == func.coalesce(BoardAudience.cohort_id, Group.cohort_id))
    .where(BoardAudience.board_id.in_(bindparam("shown_board_ids", expanding=True)))
    .order_by(BoardAudience.board_id, BoardAudience.id)
)


def lets_of(viewer: Viewer, board_ids: Iterable[int]) -> dict[int, list[Let]]:
    """Who is let in, per board, in one query; a group's cohort stands beside it, for the wall."""
    rows = session.execute(_LETS, {**viewer.binds, "shown_board_ids": list(board_ids)})
    found: dict[int, list[Let]] = {}
    for row in rows:
        found.setdefault(row.board_id, []).append(Let(*row))
    return found


def audience_label(lets: Sequence[Let]) -> str:
    """「2027年4月入社の内定者・社員・人事」: a cohort across a wall does not exist, so it is not named."""
    roles = _roles(lets)
    names = [t("内定者全員")] if roles & Role.CANDIDATE else _candidates(lets)
    staff = (
        (Role.EMPLOYEE, tn("社員", "社員", 2)),
        (HR, t("人事")),
        (Role.MODERATOR, t("ひろば運営")),
        (Role.DESK, t("第三者相談窓口")),
        (Role.AUDITOR, t("監査担当")),
        (Role.ADMINISTRATOR, t("システム管理者")),
    )
    names += [name for role, name in staff if roles & role]
    return join_names(names)


def _candidates(lets: Sequence[Let]) -> list[str]:
    cohorts = [
        t("%(cohort)sの内定者", cohort=let.cohort_name)
        for let in lets
        if let.cohort_id and let.is_cohort_known
    ]
    groups = [
        t("班「%(group)s」", group=let.group_name) for let in lets if let.group_id and let.is_group_known
    ]
    others = [
        t("ほかの班") for let in lets if let.group_id and let.is_cohort_known and not let.is_group_known
    ]
    # Two cohorts may carry one name (「高卒」 is told apart in HR's lists only).
    return list(dict.fromkeys([*cohorts, *groups, *others]))


def staff_label(lets: Sequence[Let]) -> str | None:
    """Which staff are there, said to candidates before they write; None on a board without candidates.

    「人事・社員は参加していません」 is said only where no member of staff can read: one person may hold two roles,
    so a board for employees or moderators may well be read by somebody from HR.
    """
    roles = _roles(lets)
    if not (roles & Role.CANDIDATE or any(let.cohort_id or let.group_id for let in lets)):
        return None
    if not roles & ~Role.CANDIDATE:
        return t("内定者だけの場所です。人事・社員は参加していません")
    sentences = []
    if roles & HR and roles & Role.EMPLOYEE:
        sentences.append(t("人事担当者と先輩社員も参加しています"))
    elif roles & HR:
        sentences.append(t("人事担当者も参加しています"))
    elif roles & Role.EMPLOYEE:
        sentences.append(t("先輩社員も参加しています"))
    if roles & Role.MODERATOR:
        sentences.append(t("ひろば運営（モデレーター）も読みます"))
    if roles & (Role.DESK | Role.AUDITOR | Role.ADMINISTRATOR):
        sentences.append(t("そのほかの担当者も読みます"))
    return ("。" if language_now() == "ja" else ". ").join(sentences)


def _roles(lets: Sequence[Let]) -> int:
    roles = 0
    for let in lets:
        roles |= let.role or 0
    return roles


def organised_community(viewer: Viewer) -> Community:
    """The community, if the viewer arranges its boards. Raises NotFound, as for everything of the office."""
    community = session.get(Community, 1)
    if community is None or not policy.can(viewer, "organise", community):
        raise NotFound()
    return community


# ── the office's tokens ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class SetKey:
    """One set of people by internal ids, as a row of BoardAudience holds it."""

    role: int | None = None
    cohort_id: int | None = None
    group_id: int | None = None


def keys_of(viewer: Viewer, tokens: Iterable[str]) -> set[SetKey]:
    """The sets the tokens name. Raises Invalid for one that names nothing the viewer may know."""
    keys = set()
    for token in set(tokens):
        kind, _colon, public_id = token.partition(":")
        key = (
            SetKey(role=int(ROLE_TOKENS[token])) if token in ROLE_TOKENS else _key_of(viewer, kind, public_id)
        )
        if key is None:
            raise Invalid(_("選べない読み手が含まれています。画面を開き直してください。"))
        keys.add(key)
    return keys


def _key_of(viewer: Viewer, kind: str, public_id: str) -> SetKey | None:
    if kind == "cohort":
        cohort_id = session.scalar(
            select(Cohort.id).where(Cohort.public_id == public_id, allowed(viewer, "view", Cohort))
        )
        return None if cohort_id is None else SetKey(cohort_id=cohort_id)
    if kind == "group":
        group_id = session.scalar(
            select(Group.id).where(Group.public_id == public_id, allowed(viewer, "view", Group))
        )
        return None if group_id is None else SetKey(group_id=group_id)
    return None
