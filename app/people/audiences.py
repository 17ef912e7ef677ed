"""Sets of people as HR names them: the tokens of the office's forms, and who they are in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select

from app.core.db import session
from app.core.errors import Invalid
from app.core.i18n import _, join_names, language_now, t, tn
from app.core.ids import PublicId
from app.models import Cohort, Group, Role
from app.policy import Viewer, allowed

HR = Role.HR | Role.LEAD

# token → roles; the order is the order of every form
ROLE_TOKENS: dict[str, Role] = {
    "candidates": Role.CANDIDATE,
    "employees": Role.EMPLOYEE,
    "hr": HR,
    "moderators": Role.MODERATOR,
    "desk": Role.DESK,
}


@dataclass(frozen=True)
class SetKey:
    """One set of people by internal ids, as a row of an audience holds it."""

    role: int | None = None
    cohort_id: int | None = None
    group_id: int | None = None


class NamedSet(Protocol):
    """One set of people with the names this viewer may know."""

    @property
    def role(self) -> int | None: ...
    @property
    def cohort_id(self) -> int | None: ...
    @property
    def cohort_name(self) -> str | None: ...
    @property
    def group_id(self) -> int | None: ...
    @property
    def group_name(self) -> str | None: ...
    @property
    def is_cohort_known(self) -> bool: ...
    @property
    def is_group_known(self) -> bool: ...


@dataclass(frozen=True)
class SetChoice:
    """One set of people HR can choose. `note` tells two of one name apart."""

    token: str
    label: str
    note: str
    key: SetKey


# ── from tokens to sets ──────────────────────────────────────────────────────────────────────────────────────


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


def _key_of(viewer: Viewer, kind: str, public_id: PublicId) -> SetKey | None:
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


def set_choices(viewer: Viewer) -> tuple[SetChoice, ...]:
    """Every set this viewer can choose: roles, then cohorts in order of their start, then groups."""
    labels = {
        "candidates": t("内定者全員"),
        "employees": tn("社員", "社員", 2),
        "hr": t("人事"),
        "moderators": t("ひろば運営（モデレーター）"),
        "desk": t("第三者相談窓口"),
    }
    choices = [
        SetChoice(token, labels[token], "", SetKey(role=int(roles))) for token, roles in ROLE_TOKENS.items()
    ]
    for cohort in session.execute(
        select(Cohort.id, Cohort.public_id, Cohort.name, Cohort.office_note)
        .where(allowed(viewer, "view", Cohort))
        .order_by(Cohort.starts_on, Cohort.id)
    ):
        key = SetKey(cohort_id=cohort.id)
        choices.append(SetChoice(f"cohort:{cohort.public_id}", cohort.name, cohort.office_note, key))
    for group in session.execute(
        select(Group.id, Group.public_id, Group.name, Cohort.name.label("cohort_name"))
        .join(Cohort, Cohort.id == Group.cohort_id)
        .where(allowed(viewer, "view", Group))
        .order_by(Group.cohort_id, Group.name)
    ):
        label = t("班「%(group)s」", group=group.name)
        choices.append(
            SetChoice(f"group:{group.public_id}", label, group.cohort_name, SetKey(group_id=group.id))
        )
    return tuple(choices)


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────


def audience_label(sets: Sequence[NamedSet]) -> str:
    """「2027年4月入社の内定者・社員・人事」: a cohort across a wall does not exist, so it is not named."""
    roles = all_roles(sets)
    names = [t("内定者全員")] if roles & Role.CANDIDATE else _candidates(sets)
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


def _candidates(sets: Sequence[NamedSet]) -> list[str]:
    cohorts = [
        t("%(cohort)sの内定者", cohort=each.cohort_name)
        for each in sets
        if each.cohort_id and each.is_cohort_known
    ]
    groups = [
        t("班「%(group)s」", group=each.group_name) for each in sets if each.group_id and each.is_group_known
    ]
    others = [
        t("ほかの班") for each in sets if each.group_id and each.is_cohort_known and not each.is_group_known
    ]
    # Two cohorts may carry one name (「高卒」 is told apart in HR's lists only).
    return list(dict.fromkeys([*cohorts, *groups, *others]))


def all_roles(sets: Sequence[NamedSet]) -> int:
    """Every role among the sets, as bits."""
    roles = 0
    for each in sets:
        roles |= each.role or 0
    return roles


def staff_label(sets: Sequence[NamedSet]) -> str | None:
    """Which staff are there, said to candidates before they write; None where no candidates are.

    「人事・社員は参加していません」 is said only where no member of staff can read: one person may hold two roles,
    so what is for employees or moderators may well be read by somebody from HR.
    """
    roles = all_roles(sets)
    if not (roles & Role.CANDIDATE or any(each.cohort_id or each.group_id for each in sets)):
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
