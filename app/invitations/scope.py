"""Whom this viewer may invite: asked first by every verb and every page of HR's side."""

from __future__ import annotations

from sqlalchemy import select

from app import policy
from app.accounts.cards import ROLE_NAMES, role_names
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import join_names
from app.models import STAFF, Community, Role
from app.policy import Viewer
from app.policy.rules import INVITABLE_BY_HR


def invitable_roles(viewer: Viewer) -> Role:
    """The roles this viewer may hand out by invitation.

    HR invites candidates and employees; who may appoint (administrator, HR's lead) invites staff with powers.
    Raises NotFound for everybody else, because for them this part of the house does not exist.
    """
    community = session.scalar(select(Community).where(Community.id == 1))
    roles = Role(0)
    if community is not None and viewer.is_hr and policy.can(viewer, "organise", community):
        roles |= INVITABLE_BY_HR
    if community is not None and policy.can(viewer, "appoint", community):
        roles |= STAFF
    if not roles:
        raise NotFound()
    return roles


def role_of(names: tuple[str, ...]) -> Role:
    """The roles behind names such as `candidate` or `hr`; unknown names are left out."""
    known = [Role[name.upper()] for name in names if name.upper() in Role.__members__]
    roles = Role(0)
    for one in known:
        roles |= one
    return roles


def names_of(roles: int) -> tuple[str, ...]:
    """The names of roles, as `role_of` takes them."""
    return tuple(str(role.name).lower() for role in Role if roles & role)


def role_choices(roles: Role) -> tuple[tuple[str, str], ...]:
    """Pairs of name and label for these roles, for a form."""
    return tuple((name, ROLE_NAMES[int(role_of((name,)))]) for name in names_of(int(roles)))


def role_label(roles: int) -> str:
    """Roles in words: 「人事・モデレーター」."""
    return join_names(role_names(roles))
