"""Roles, and which of them exclude each other."""

from __future__ import annotations

from enum import IntFlag


class Role(IntFlag):
    """What a member is here; stored as one number, so that a forbidden pair can be refused by the table itself."""

    CANDIDATE = 1
    EMPLOYEE = 2
    HR = 4
    LEAD = 8
    MODERATOR = 16
    DESK = 32
    AUDITOR = 64
    ADMINISTRATOR = 128


# Whoever holds one of these signs in with a password and a second factor.
POWERS = Role.HR | Role.LEAD | Role.MODERATOR | Role.DESK | Role.AUDITOR | Role.ADMINISTRATOR
STAFF = POWERS | Role.EMPLOYEE
# HR, moderation and official notices cannot be blocked; nor can the people who stand in for them.
UNBLOCKABLE = POWERS

# (roles, roles they exclude): privacy.md, "Roles and what excludes what".
EXCLUSIONS: tuple[tuple[Role, Role], ...] = (
    (Role.CANDIDATE, STAFF),
    (Role.DESK, Role.HR | Role.LEAD | Role.MODERATOR | Role.ADMINISTRATOR),
    (Role.AUDITOR, Role.HR | Role.LEAD | Role.ADMINISTRATOR),
)


def excluded_pair(roles: Role) -> tuple[Role, Role] | None:
    """The first pair within `roles` that nobody may hold together, or None."""
    for role, others in EXCLUSIONS:
        if roles & role and roles & others:
            return role, roles & others
    return None


def exclusion_check() -> str:
    """The same exclusions as a CHECK constraint on the column `roles`."""
    clauses = [f"((roles & {int(role)}) = 0 OR (roles & {int(others)}) = 0)" for role, others in EXCLUSIONS]
    return " AND ".join(["roles > 0", *clauses])
