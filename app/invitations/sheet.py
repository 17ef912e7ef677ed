"""What importing a pasted sheet would do, line by line; nothing is stored here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app import policy
from app.core.db import session
from app.core.errors import Invalid, Sentence
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.names import fold
from app.models import Cohort, Group, Role
from app.policy import Viewer

from .addresses import known_addresses
from .cards import OUTCOMES, Invitee, SheetPreview, SheetRow
from .importing import InvitationLine, InvitationSheet, read_invitations
from .queries import LONGEST_PERSON_NAME
from .scope import invitable_roles, role_label, role_of

MOST_SHOWN = 200  # lines in the table of the preview; the counts tell of all


@dataclass(frozen=True)
class _Places:
    """Cohorts by every name HR may type for them, and groups by cohort and name."""

    cohorts: Mapping[str, PublicId]
    cohort_labels: Mapping[PublicId, str]
    groups: Mapping[tuple[PublicId, str], PublicId]
    group_names: Mapping[str, PublicId]


def sheet_preview(viewer: Viewer, lines: str, *, cohort: PublicId) -> SheetPreview:
    """What each pasted line would do; `cohort` is for candidates whose line names none (empty: no such cohort).

    Raises NotFound for whoever may not invite, Invalid when the sheet as a whole cannot be read.
    """
    roles = invitable_roles(viewer)
    places = _places(viewer)
    sheet = read_invitations(lines, cohorts=places.cohorts, groups=places.group_names)
    if sheet.problems:
        raise Invalid(sheet.problems[0], {"lines": list(sheet.problems)})
    known = known_addresses(viewer, [line.mail for line in sheet.lines])
    cohort = cohort if cohort in places.cohort_labels else ""
    judged = [_judged(line, roles, places, known, cohort) for line in sheet.lines]
    return _preview(lines, sheet, judged)


def _places(viewer: Viewer) -> _Places:
    cohorts = session.execute(
        select(Cohort.id, Cohort.public_id, Cohort.name, Cohort.office_note)
        .where(policy.allowed(viewer, "view", Cohort))
        # A cohort with a note comes first, so that the plain name means the one without.
        .order_by(Cohort.office_note == "", Cohort.id)
    ).all()
    public_ids = {row.id: row.public_id for row in cohorts}
    groups = session.execute(
        select(Group.public_id, Group.name, Group.cohort_id).where(policy.allowed(viewer, "view", Group))
    ).all()
    labels = {
        row.public_id: f"{row.name}（{row.office_note}）" if row.office_note else row.name for row in cohorts
    }
    return _Places(
        cohorts={row.name: row.public_id for row in cohorts} | {label: one for one, label in labels.items()},
        cohort_labels=labels,
        groups={
            (public_ids[row.cohort_id], fold(row.name)): row.public_id
            for row in groups
            if row.cohort_id in public_ids
        },
        group_names={row.name: row.public_id for row in groups},
    )


@dataclass(frozen=True)
class _Judged:
    line: InvitationLine
    outcome: str
    invitee: Invitee
    sentences: tuple[Sentence | str, ...]


def _judged(
    line: InvitationLine, roles: Role, places: _Places, known: Mapping[str, str], default_cohort: PublicId
) -> _Judged:
    is_candidate = line.role == "candidate"
    cohort = (line.cohort or default_cohort or None) if is_candidate else None
    group = places.groups.get((cohort or "", fold(line.group_name))) if line.group_name else None
    sentences = list(line.problems)
    if not role_of((line.role,)) & roles:
        sentences.append(
            _(
                "役割「%(role)s」の方を招待できるのは、システム管理者または人事責任者です",
                role=role_label(int(role_of((line.role,)))),
            )
        )
    if is_candidate and cohort is None and not line.cohort_name:
        sentences.append(_("入社時期を入力してください。列がないときは、下の欄でまとめて選べます"))
    if max(len(line.legal_name), len(line.kana)) > LONGEST_PERSON_NAME:
        sentences.append(_("名前が長すぎるため保存できません。もう少し短くしてください"))
    if line.group and group is None:
        sentences.append(_("班「%(name)s」は、この入社時期にはありません", name=line.group_name))
    invitee = Invitee(
        mail=line.mail,
        legal_name=line.legal_name,
        kana=line.kana,
        roles=(line.role,),
        cohort=cohort,
        group=group,
    )
    outcome = "problem" if sentences else known.get(line.mail, "new")
    return _Judged(line, outcome, invitee, tuple(sentences))


def _preview(lines: str, sheet: InvitationSheet, judged: Sequence[_Judged]) -> SheetPreview:
    counts = dict.fromkeys(OUTCOMES, 0)
    for one in judged:
        counts[one.outcome] += 1
    order = {"problem": 0, "new": 1, "invited": 2, "member": 2}
    shown = sorted(judged, key=lambda one: (order[one.outcome], one.line.line_number))[:MOST_SHOWN]
    return SheetPreview(
        rows=tuple(_row(one) for one in shown),
        counts=counts,
        ignored_columns=sheet.ignored_columns,
        refused_columns=tuple(sheet.refused_columns.items()),
        invitees=tuple(one.invitee for one in judged if one.outcome == "new"),
        remaining=_remaining(lines, judged),
    )


def _row(one: _Judged) -> SheetRow:
    line = one.line
    return SheetRow(
        line_number=line.line_number,
        legal_name=line.legal_name,
        kana=line.kana,
        mail=line.mail,
        role_label=role_label(int(role_of((line.role,)))),
        cohort=line.cohort_name,
        group=line.group_name,
        outcome=one.outcome,
        sentences=one.sentences,
    )


def _remaining(lines: str, judged: Sequence[_Judged]) -> str:
    """The pasted text without the lines that have no problem, so that HR corrects the few and not the many."""
    physical = lines.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [one.line.line_number for one in judged]
    ends = [*(start - 1 for start in starts[1:]), len(physical)]
    kept = physical[: starts[0] - 1] if starts else []
    for one, start, end in zip(judged, starts, ends, strict=True):
        if one.outcome == "problem":
            kept += physical[start - 1 : end]
    return "\n".join(line for line in kept if line.strip())
