"""An announcement as one reader sees it: the variant they chose, their own words in its merge fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from sqlalchemy import Row, and_, func, select

from app.core.db import session
from app.core.i18n import day, speaking, t
from app.core.text import (
    RENDERER_VERSION,
    filled_html,
    filled_text,
    letter_lines,
    render_markdown,
)
from app.files.cards import FileCard
from app.models import (
    AnnouncementVariant,
    Cohort,
    Community,
    Group,
    GroupMember,
    Invitation,
    Member,
    Upload,
)

from .cards import VARIANTS, VariantTab
from .merging import values_of

# The language a variant is written in.
_LANGUAGES = {"": "ja", "easy": "ja", "en": "en"}


# ── the reader's own words ───────────────────────────────────────────────────────────────────────────────────


def _group_names(member_id: Any) -> Any:
    return (
        select(func.min(Group.name))
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.member_id == member_id)
        .scalar_subquery()
    )


def values_of_member(member_id: int | None) -> Mapping[str, str]:
    """What the merge fields say to this member."""
    row = session.execute(
        select(
            Member.display_name,
            Member.legal_name,
            Cohort.name.label("cohort"),
            _group_names(Member.id).label("group"),
            Community.name.label("community"),
        )
        .select_from(Member)
        .join(Community, Community.id == 1)
        .outerjoin(Cohort, Cohort.id == Member.cohort_id)
        .where(Member.id == member_id)
    ).first()
    return values_of(**row._mapping) if row is not None else {}


def values_of_invited(invitation_id: int | None) -> Mapping[str, str]:
    """What the merge fields say to somebody invited, who has no display name yet."""
    row = session.execute(
        select(
            Invitation.legal_name.label("display_name"),
            Invitation.legal_name,
            Cohort.name.label("cohort"),
            Group.name.label("group"),
            Community.name.label("community"),
        )
        .select_from(Invitation)
        .join(Community, Community.id == 1)
        .outerjoin(Cohort, Cohort.id == Invitation.cohort_id)
        .outerjoin(Group, Group.id == Invitation.group_id)
        .where(Invitation.id == invitation_id)
    ).first()
    return values_of(**row._mapping) if row is not None else {}


# ── variants ─────────────────────────────────────────────────────────────────────────────────────────────────


def variants_of(announcement_id: int) -> dict[str, Row[Any]]:
    """The variants of an announcement by kind."""
    rows = session.execute(
        select(
            AnnouncementVariant.kind,
            AnnouncementVariant.title,
            AnnouncementVariant.body,
            AnnouncementVariant.body_html,
            AnnouncementVariant.renderer_version,
        ).where(AnnouncementVariant.announcement_id == announcement_id)
    )
    return {row.kind: row for row in rows}


def tabs_of(variants: Mapping[str, Any], chosen: str) -> tuple[VariantTab, ...]:
    """The languages to choose from, each named in itself; empty where there is only one."""
    if not variants:
        return ()
    return (
        VariantTab("", "日本語", "ja", not chosen),
        *(
            VariantTab(kind, label, _LANGUAGES[kind], chosen == kind)
            for kind, label in VARIANTS.items()
            if kind in variants
        ),
    )


def language_of(variant: str) -> str:
    """The language code of a variant's text."""
    return _LANGUAGES[variant]


def html_of(text: Any, values: Mapping[str, str]) -> Markup:
    """The stored text for this reader; rendered again where an older renderer made it."""
    is_fresh = text.renderer_version == RENDERER_VERSION
    return filled_html(text.body_html if is_fresh else render_markdown(text.body), values)


def title_of(text: Any, values: Mapping[str, str], otherwise: str = "") -> str:
    """Its title for this reader; a variant without one has the title of the announcement."""
    return filled_text(text.title or otherwise, values)


def lines_of(text: Any, values: Mapping[str, str]) -> str:
    """The text as a letter says it."""
    return filled_text(letter_lines(text.body), values)


def roster_sentence(row: Any, variant: str = "") -> str | None:
    """From which day HR sees who has not acknowledged, in the language of the text; None where nothing is asked."""
    if not row.asks_acknowledgement or row.names_from is None:
        return None
    with speaking(_LANGUAGES[variant]):
        until = day(row.names_from)
        if variant == "easy":
            return t(
                "%(day)sまでに「確認しました」を押してください。押していない方には、人事の担当者から連絡します。"
                "%(day)sから、まだ押していない方の名前が、人事の画面に出ます。",
                day=until,
            )
        return t(
            "%(day)sまでに確認されていない方には、人事から直接ご連絡します"
            "（この日から、未確認の方のお名前が人事に表示されます）。",
            day=until,
        )


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────


def files_of(announcement_id: int) -> tuple[FileCard, ...]:
    """The files of an announcement the caller may see, in order."""
    rows = session.execute(
        select(
            Upload.public_id,
            Upload.kind,
            Upload.state,
            Upload.name,
            Upload.alt,
            Upload.size_bytes,
            Upload.width,
            Upload.height,
        )
        .where(and_(Upload.announcement_id == announcement_id, Upload.state != "refused"))
        .order_by(Upload.position, Upload.id)
    )
    return tuple(
        FileCard(
            id=row.public_id,
            is_picture=row.kind == "picture",
            is_waiting=row.state == "waiting",
            name=row.name,
            alt=row.alt,
            size_bytes=row.size_bytes,
            width=row.width,
            height=row.height,
        )
        for row in rows
    )
