"""Everything the office changes: set-up, the community's facts, cohorts, groups, walls, who belongs where."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from secrets import randbelow

from sqlalchemy import delete, select, update

from app import policy
from app.accounts import community_rules
from app.accounts.mails import checked_mail
from app.accounts.operations import give_roles, put_second_factor
from app.accounts.queries import alive
from app.boards.operations import open_board
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, Invalid, NotFound, Sentence
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.names import NameRefused, check_display_name, check_person_name, fold, to_kana
from app.core.operation import announce, operation
from app.core.tokens import hashed, new_nonce, secret_of
from app.invitations.cards import Invitee
from app.invitations.operations import invite_person, send_invitations
from app.invitations.scope import role_of
from app.models import (
    Block,
    Cohort,
    Community,
    Group,
    GroupMember,
    Member,
    OneTimeLink,
    Post,
    Role,
    Topic,
    Wall,
)
from app.policy import Viewer

from .cards import FirstAdministrator
from .events import SampleLetterAsked
from .gate import administered_members, claimed_community

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
        raise _wrong("code", _("コードが違うか、有効な時間を過ぎています。新しいコードでお試しください"))
    return FirstAdministrator(member_id=member.id, recovery_codes=codes)


def _first_member(legal_name: str, kana: str, display_name: str, mail: str) -> Member:
    address = checked_mail(mail)
    if address is None:
        raise _wrong("mail", _("メールアドレスの形をご確認ください（例：haruka@example.jp）"))
    name = _named("display_name", check_display_name, display_name)
    return Member(
        roles=int(Role.ADMINISTRATOR),
        mail=address,
        legal_name=_named("legal_name", check_person_name, legal_name),
        kana=_named("kana", to_kana, kana),
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


def _wrong(field: str, sentence: Sentence | str) -> Invalid:
    return Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), {field: [sentence]})


def _named(field: str, check: Callable[[str], str], typed: str) -> str:
    try:
        return check(typed)
    except NameRefused as refused:
        raise _wrong(field, refused.sentence) from refused


# ── the community ────────────────────────────────────────────────────────────────────────────────────────────


@operation
def name_community(viewer: Viewer, *, name: str) -> None:
    """Say the company's name, as it stands on every page and letter. Raises NotFound, Invalid."""
    community = claimed_community(viewer, "configure")
    community.name = _named("name", check_person_name, name)
    _tell_everybody()


@operation
def expect_candidates(viewer: Viewer, *, count: int) -> None:
    """Say how many candidates are expected; under 20 the quiet preset for small companies applies."""
    community = claimed_community(viewer, "configure")
    if not 1 <= count <= MOST_CANDIDATES:
        raise _wrong("count", _("1から%(most)sまでの数で入力してください", most=f"{MOST_CANDIDATES:,}"))
    community.expected_candidates = count
    _tell_everybody()


@operation
def set_help_line(viewer: Viewer, *, help_line: str) -> None:
    """Say whom to call for help, as it stands at the foot of every page; empty takes it away."""
    community = claimed_community(viewer, "configure")
    community.help_line = " ".join(help_line.split())
    _tell_everybody()


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
        _tell_everybody()


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


def _tell_everybody() -> None:
    """Raise the community's version: what anybody sees may have changed."""
    session.flush()
    session.execute(update(Community).where(Community.id == 1).values(version=Community.version + 1))


# ── cohorts and groups ───────────────────────────────────────────────────────────────────────────────────────


@operation
def open_cohort(
    viewer: Viewer, *, name: str, starts_on: date, office_note: str = "", is_minor_profile: bool = False
) -> PublicId:
    """Make a cohort; `office_note` tells two of one name apart in HR's lists only. Raises NotFound, Invalid."""
    claimed_community(viewer, "organise")
    cohort = Cohort(
        name=_named("name", check_person_name, name),
        office_note=" ".join(office_note.split()),
        starts_on=starts_on,
        is_minor_profile=is_minor_profile,
    )
    _refuse_second_cohort(cohort)
    session.add(cohort)
    _tell_everybody()
    return cohort.public_id


@operation
def change_cohort(
    viewer: Viewer,
    cohort_id: PublicId,
    *,
    name: str,
    starts_on: date,
    office_note: str,
    is_minor_profile: bool,
) -> None:
    """Correct a cohort. Raises NotFound, Invalid."""
    cohort = _cohort(viewer, cohort_id)
    with session.no_autoflush:
        cohort.name = _named("name", check_person_name, name)
        cohort.office_note = " ".join(office_note.split())
        cohort.starts_on = starts_on
        cohort.is_minor_profile = is_minor_profile
        _refuse_second_cohort(cohort)
    _tell_everybody()


def _cohort(viewer: Viewer, cohort_id: PublicId) -> Cohort:
    claimed_community(viewer, "organise")
    return policy.claim(viewer, Cohort, cohort_id, "view")


def _refuse_second_cohort(cohort: Cohort) -> None:
    twins = session.execute(select(Cohort.id, Cohort.name).where(Cohort.office_note == cohort.office_note))
    if any(row.id != cohort.id and fold(row.name) == fold(cohort.name) for row in twins):
        raise _wrong("name", _("同じ名前の入社時期があります。人事用のメモで区別してください"))


@operation
def open_group(viewer: Viewer, cohort_id: PublicId, *, name: str) -> PublicId:
    """Make a 班 in a cohort. Raises NotFound, Invalid."""
    cohort = _cohort(viewer, cohort_id)
    group = Group(name=_group_name(name, cohort.id), cohort_id=cohort.id)
    session.add(group)
    _tell_everybody()
    return group.public_id


@operation
def rename_group(viewer: Viewer, group_id: PublicId, *, name: str) -> None:
    """Give a 班 another name. Raises NotFound, Invalid."""
    group = _group(viewer, group_id)
    group.name = _group_name(name, group.cohort_id, besides=group.id)
    _tell_everybody()


def _group(viewer: Viewer, group_id: PublicId) -> Group:
    claimed_community(viewer, "organise")
    group = session.scalar(select(Group).where(Group.public_id == group_id).with_for_update())
    if group is None:
        raise NotFound()
    return group


def _group_name(typed: str, cohort_id: int, *, besides: int | None = None) -> str:
    name = _named("name", check_person_name, typed)
    taken = session.execute(select(Group.id, Group.name).where(Group.cohort_id == cohort_id))
    if any(row.id != besides and fold(row.name) == fold(name) for row in taken):
        raise _wrong("name", _("同じ名前の班があります"))
    return name


@operation
def put_into_group(viewer: Viewer, member_ids: Collection[PublicId], group_id: PublicId | None) -> int:
    """Put candidates into a 班 of their cohort, out of any other; None takes them out. Returns how many.

    Raises NotFound for somebody who is no candidate in the viewer's care, Invalid where a wish of somebody
    stands against it: a blocked pair is never put into one 班 (privacy.md, I4), and HR does not learn of it.
    """
    claimed_community(viewer, "organise")
    group = _group(viewer, group_id) if group_id else None
    members = administered_members(viewer, member_ids)
    if any(member.cohort_id is None or (group and member.cohort_id != group.cohort_id) for member in members):
        raise NotFound()
    ids = [member.id for member in members]
    if group is not None:
        _refuse_blocked_pairs(group.id, ids)
    session.execute(delete(GroupMember).where(GroupMember.member_id.in_(ids)))
    for member in members:
        member.version += 1
        if group is not None:
            session.add(GroupMember(group_id=group.id, member_id=member.id))
    return len(members)


@operation
def place_in_cohort(
    viewer: Viewer, cohort_id: PublicId, member_ids: Collection[PublicId], group_id: PublicId | None
) -> int:
    """The same for people of one cohort's page. Raises NotFound also where somebody belongs to another one."""
    cohort = _cohort(viewer, cohort_id)
    if any(member.cohort_id != cohort.id for member in administered_members(viewer, member_ids)):
        raise NotFound()
    return put_into_group(viewer, member_ids, group_id)


def _refuse_blocked_pairs(group_id: int, newcomers: Collection[int]) -> None:
    together = {
        *newcomers,
        *session.scalars(select(GroupMember.member_id).where(GroupMember.group_id == group_id)),
    }
    pair = session.scalar(
        select(Block.blocker_id)
        .where(Block.blocker_id.in_(together), Block.blocked_id.in_(together))
        .limit(1)
    )
    if pair is not None:
        raise _wrong("group", _("この班には入れられません。別の班を選んでください"))


@operation
def move_to_cohort(viewer: Viewer, member_id: PublicId, cohort_id: PublicId) -> None:
    """Move a candidate to another cohort, out of the 班 of the old one; what they wrote moves with them.

    Everything in one transaction, so that no wall has a gap. Raises NotFound.
    """
    cohort = _cohort(viewer, cohort_id)
    member = administered_members(viewer, [member_id])[0]
    if member.cohort_id is None:
        raise NotFound()
    if member.cohort_id == cohort.id:
        return
    member.cohort_id = cohort.id
    member.version += 1
    session.execute(delete(GroupMember).where(GroupMember.member_id == member.id))
    for kind in (Topic, Post):
        session.execute(update(kind).where(kind.author_id == member.id).values(author_cohort_id=cohort.id))


# ── walls ────────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def draw_walls(viewer: Viewer, pairs: Collection[tuple[PublicId, PublicId]]) -> None:
    """Let walls stand between exactly these pairs of cohorts. Raises NotFound for a cohort there is not."""
    claimed_community(viewer, "organise")
    ids = {row.public_id: row.id for row in session.execute(select(Cohort.public_id, Cohort.id))}
    if any(one not in ids or other not in ids or one == other for one, other in pairs):
        raise NotFound()
    wanted = {(min(ids[one], ids[other]), max(ids[one], ids[other])) for one, other in pairs}
    standing = {(wall.low_cohort_id, wall.high_cohort_id): wall for wall in session.scalars(select(Wall))}
    for key in standing.keys() - wanted:
        session.delete(standing[key])
    session.add_all(Wall(low_cohort_id=low, high_cohort_id=high) for low, high in wanted - standing.keys())
    _tell_everybody()
