"""What the set-up shows, already for a viewer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app import policy
from app.accounts.queries import alive
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import join_names, t
from app.core.tokens import hashed
from app.models import (
    Board,
    Cohort,
    Community,
    Invitation,
    Member,
    OneTimeLink,
    Role,
)
from app.policy import Viewer

from .cards import (
    CommunityPage,
    SetUpPage,
    SetUpStep,
)
from .gate import community_for
from .operations import PURPOSE
from .places.queries import is_small

PAGE_SIZE = 100
HR_ROLES = int(Role.HR | Role.LEAD)


# ── set-up ───────────────────────────────────────────────────────────────────────────────────────────────────


def check_first_link(secret: str) -> None:
    """Raise NotFound unless this link still makes the first administrator."""
    found = session.scalar(
        select(OneTimeLink.id).where(
            alive(PURPOSE), OneTimeLink.secret_hash == hashed(secret), ~select(Member.id).exists()
        )
    )
    if found is None:
        raise NotFound(
            t(
                "このリンクは、すでに使われたか、有効期限が切れています。"
                "まだ管理者がいないときは、つぼみを起動し直すと新しいリンクが表示されます。"
            )
        )


def set_up_page(viewer: Viewer, *, has_mail: bool) -> SetUpPage:
    """The set-up as it stands. Raises NotFound for whoever does not configure the community."""
    community = community_for(viewer, "configure")
    cohorts = tuple(session.scalars(select(Cohort.name).order_by(Cohort.starts_on, Cohort.id)))
    boards = tuple(session.scalars(select(Board.name).order_by(Board.position, Board.id)))
    invited = _invited_hr()
    can_organise = policy.can(viewer, "organise", community)
    steps = _steps(community, cohorts, invited, has_mail=has_mail, can_organise=can_organise)
    open_steps = [step.key for step in steps if step.is_needed and step.is_open and not step.is_done]
    return SetUpPage(
        steps=steps,
        name=community.name,
        expected_candidates=community.expected_candidates,
        help_line=community.help_line,
        is_small=is_small(community),
        is_finished=community.set_up_at is not None,
        current=open_steps[0] if open_steps else None,
        cohorts=cohorts,
        boards=boards,
        invited=invited,
    )


def _steps(
    community: Community,
    cohorts: Sequence[str],
    invited: Sequence[str],
    *,
    has_mail: bool,
    can_organise: bool,
) -> tuple[SetUpStep, ...]:
    count = community.expected_candidates
    size = t("およそ%(count)s名", count=f"{count:,}") if count else ""
    mail = t("メールサーバーを使います") if has_mail else t("このサーバーの中に保存します")
    return (
        SetUpStep("company", t("会社名"), community.name, bool(community.name), is_needed=True),
        SetUpStep("size", t("内定者の人数"), size, bool(size), is_needed=True),
        SetUpStep("mail", t("メール"), mail, has_mail, is_needed=False),
        SetUpStep(
            "help-line", t("相談窓口の電話"), community.help_line, bool(community.help_line), is_needed=False
        ),
        SetUpStep("hr", t("人事の担当者"), join_names(invited), bool(invited), is_needed=True),
        SetUpStep(
            "cohort",
            t("入社時期とひろば"),
            join_names(cohorts),
            bool(cohorts),
            is_needed=True,
            is_open=can_organise,
        ),
    )


def _invited_hr() -> tuple[str, ...]:
    """People of HR: those here, and those invited."""
    here = session.scalars(
        select(Member.display_name).where(Member.roles.bitwise_and(HR_ROLES) != 0, Member.ended_at.is_(None))
    )
    invited = session.scalars(
        select(Invitation.legal_name).where(
            Invitation.roles.bitwise_and(HR_ROLES) != 0, Invitation.revoked_at.is_(None)
        )
    )
    return (*here, *invited)


def check_may_organise(viewer: Viewer) -> None:
    """Raise NotFound for whoever does not organise."""
    community_for(viewer, "organise")


def community_page(viewer: Viewer) -> CommunityPage:
    """What can be said about the community, for whoever configures it."""
    community = community_for(viewer, "configure")
    return CommunityPage(community.name, community.help_line, community.expected_candidates)
