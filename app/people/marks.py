"""The role mark behind a name: 「社員・営業部・5年目」, 「人事・採用チーム」. Candidates have none."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from app.core import clock
from app.core.i18n import language_now, t
from app.core.web import settings_now
from app.models import Role

_HR = Role.HR | Role.LEAD


def role_mark(roles: int, department: str, joined_company_on: date | None, today: date) -> str | None:
    """What a staff member is here, in the reader's language; None for a candidate.

    Years are told of employees only: how long somebody has been in an office says nothing about the office.
    """
    if not roles & ~Role.CANDIDATE:
        return None
    return _mark(language_now(), roles, department, joined_company_on, today)


@lru_cache(maxsize=4096)  # asked for every post of a page, and the same for weeks
def _mark(language: str, roles: int, department: str, joined_company_on: date | None, today: date) -> str:
    parts = _offices(roles)
    is_employee = not parts and bool(roles & Role.EMPLOYEE)
    if is_employee:
        parts.append(t("社員"))
    if department:
        parts.append(department)
    if is_employee and joined_company_on is not None and joined_company_on <= today:
        parts.append(t("%(years)s年目", years=year_at_company(joined_company_on, today)))
    return ("・" if language == "ja" else " · ").join(parts)


def company_today() -> date:
    """The calendar day it is now where the company is."""
    return clock.today(settings_now().zone)


def _offices(roles: int) -> list[str]:
    """The powers one person holds, as said on the screen; HR first."""
    offices = (
        (_HR, t("人事")),
        (Role.MODERATOR, t("モデレーター")),
        (Role.DESK, t("第三者相談窓口")),
        (Role.AUDITOR, t("監査担当")),
        (Role.ADMINISTRATOR, t("システム管理者")),
    )
    return [name for role, name in offices if roles & role]


def year_at_company(joined_company_on: date, today: date) -> int:
    """How many-th year it is: 1 from the first day on, 2 from its anniversary (29 February: from 1 March)."""
    is_before_anniversary = (today.month, today.day) < (joined_company_on.month, joined_company_on.day)
    return today.year - joined_company_on.year + (0 if is_before_anniversary else 1)
