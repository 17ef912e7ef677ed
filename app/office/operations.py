"""What the set-up and the administrator change; HR's desk stands in the folders beside."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from secrets import randbelow

from sqlalchemy import delete, select

from app.accounts import community_rules
from app.accounts.mails import checked_mail
from app.accounts.operations import give_roles, put_second_factor
from app.accounts.queries import alive
from app.boards.operations import open_board
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, NotFound
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.names import check_display_name, check_person_name, fold, to_kana
from app.core.operation import announce, operation
from app.core.tokens import hashed, new_nonce, secret_of
from app.invitations.cards import Invitee
from app.invitations.operations import invite_person, send_invitations
from app.invitations.scope import role_of
from app.models import (
    Community,
    Member,
    OneTimeLink,
    Role,
)
from app.policy import Viewer

from .cards import FirstAdministrator
from .checks import named, tell_everybody, wrong
from .events import SampleLetterAsked
from .gate import claimed_community
from .places.operations import open_cohort

PURPOSE = "first_administrator"
FIRST_LINK_LIFE = timedelta(days=7)
BUDS = 48
EVERYBODY = ("candidates", "employees", "hr", "moderators")
MOST_CANDIDATES = 5_000  # the stress target of product.md


# ── the first administrator ──────────────────────────────────────────────────────────────────────────────────


@operation
def make_first_administrator_link() -> str:
    """Make the one-time link that makes the first administrator, valid for seven days; returns its path.

    An earlier link stops working. Raises Conflict as soon as anybody is a member.
    """
    _refuse_if_inhabited()
    session.execute(delete(OneTimeLink).where(OneTimeLink.purpose == PURPOSE))
    nonce = new_nonce()
    secret = secret_of(PURPOSE, nonce)
    session.add(
        OneTimeLink(
            purpose=PURPOSE, nonce=nonce, secret_hash=hashed(secret), expires_at=now() + FIRST_LINK_LIFE
        )
    )
    return f"/setup/{secret}"


@operation
def become_first_administrator(
    secret: str,
    *,
    legal_name: str,
    kana: str,
    display_name: str,
    mail: str,
    password_hash: str,
    factor: str,
    code: str,
) -> FirstAdministrator:
    """Spend the link: make the community and its first member, the administrator, with a second factor.

    `factor` is the nonce of the authenticator, `code` its first code. All or nothing: until this is done the
    link stays good. Raises NotFound for a link that is used, replaced or past its time, Invalid for what
    cannot be taken.
    """
    link = session.scalar(
        select(OneTimeLink).where(alive(PURPOSE), OneTimeLink.secret_hash == hashed(secret)).with_for_update()
    )
    if link is None or session.scalar(select(Member.id).limit(1)) is not None:
        raise NotFound()
    if session.get(Community, 1) is None:
        session.add(Community(id=1, rules_version=community_rules.VERSION))
    member = _first_member(legal_name, kana, display_name, mail)
    member.password_hash = password_hash
    session.add(member)
    session.delete(link)
    session.flush()
    codes = put_second_factor(member.id, factor, code)
    if codes is None:
        raise wrong("code", _("コードが違うか、有効な時間を過ぎています。新しいコードでお試しください"))
    return FirstAdministrator(member_id=member.id, recovery_codes=codes)


def _first_member(legal_name: str, kana: str, display_name: str, mail: str) -> Member:
    address = checked_mail(mail)
    if address is None:
        raise wrong("mail", _("メールアドレスの形をご確認ください（例：haruka@example.jp）"))
    name = named("display_name", check_display_name, display_name)
    return Member(
        roles=int(Role.ADMINISTRATOR),
        mail=address,
        legal_name=named("legal_name", check_person_name, legal_name),
        kana=named("kana", to_kana, kana),
        display_name=name,
        display_fold=fold(name),
        bud=randbelow(BUDS) + 1,
        rules_version=community_rules.VERSION,
    )


def _refuse_if_inhabited() -> None:
    if session.scalar(select(Member.id).limit(1)) is not None:
        raise Conflict(
            _(
                "すでに参加している方がいるため、最初の管理者のリンクは作れません。管理者の方に、役割の追加を頼んでください。"
            )
        )


# ── the community ────────────────────────────────────────────────────────────────────────────────────────────


@operation
def name_community(viewer: Viewer, *, name: str) -> None:
    """Say the company's name, as it stands on every page and letter. Raises NotFound, Invalid."""
    community = claimed_community(viewer, "configure")
    community.name = named("name", check_person_name, name)
    tell_everybody()


@operation
def expect_candidates(viewer: Viewer, *, count: int) -> None:
    """Say how many candidates are expected; under 20 the quiet preset for small companies applies."""
    community = claimed_community(viewer, "configure")
    if not 1 <= count <= MOST_CANDIDATES:
        raise wrong("count", _("1から%(most)sまでの数で入力してください", most=f"{MOST_CANDIDATES:,}"))
    community.expected_candidates = count
    tell_everybody()


@operation
def set_help_line(viewer: Viewer, *, help_line: str) -> None:
    """Say whom to call for help, as it stands at the foot of every page; empty takes it away."""
    community = claimed_community(viewer, "configure")
    community.help_line = " ".join(help_line.split())
    tell_everybody()


@operation
def change_community(viewer: Viewer, *, name: str, help_line: str) -> None:
    """Change what stands on every page. Raises NotFound, Invalid."""
    name_community(viewer, name=name)
    set_help_line(viewer, help_line=help_line)


@operation
def finish_set_up(viewer: Viewer) -> None:
    """Say that the set-up is done; finishing twice is harmless. Raises Conflict while an answer is missing."""
    community = claimed_community(viewer, "configure")
    if not community.name or community.expected_candidates is None:
        raise Conflict(_("会社名と内定者の人数が、まだ決まっていません。この2つだけ、先にお答えください。"))
    if community.set_up_at is None:
        community.set_up_at = now()
        tell_everybody()


@operation
def ask_for_sample_letter(viewer: Viewer) -> None:
    """Have a letter sent to oneself, by the way every other letter takes."""
    claimed_community(viewer, "configure")
    announce(SampleLetterAsked(member_id=viewer.id or 0))


@operation
def invite_first_hr(viewer: Viewer, *, legal_name: str, kana: str, mail: str) -> None:
    """Invite somebody of HR and send the letter at once, which names the company.

    Raises Conflict while the company has no name; else like `invite_person`.
    """
    if not claimed_community(viewer, "configure").name:
        raise Conflict(_("招待メールには会社名が入ります。先に会社名をお答えください。"))
    invitee = Invitee(mail=mail, legal_name=legal_name, kana=kana, roles=("hr",))
    send_invitations(viewer, [invite_person(viewer, invitee)])


@operation
def open_first_cohort(
    viewer: Viewer, *, name: str, starts_on: date, opens_square: bool, opens_cohort_board: bool
) -> None:
    """Make a cohort and boards to begin on: one for everybody, one for the cohort that moderators read too."""
    cohort_id = open_cohort(viewer, name=name, starts_on=starts_on)
    if opens_square:
        open_board(
            viewer,
            name=t("みんなのひろば"),
            description=t("内定者・社員・人事が、なんでも話せる場所です。はじめましての一言もここでどうぞ。"),
            position=1,
            readers=EVERYBODY,
            writers=EVERYBODY,
        )
    if opens_cohort_board:
        open_board(
            viewer,
            name=t("%(cohort)sのひろば", cohort=name),
            description=t("同じ時期に入社する内定者が、気軽に話す場所です。"),
            position=2,
            readers=(f"cohort:{cohort_id}", "moderators"),
            writers=(f"cohort:{cohort_id}",),
        )


@operation
def give_named_roles(viewer: Viewer, member_id: PublicId, names: Collection[str]) -> None:
    """Appoint somebody of the staff to exactly these roles. Raises NotFound, Invalid, Conflict."""
    claimed_community(viewer, "appoint")
    give_roles(viewer, member_id, int(role_of(tuple(names))))
