"""What people change about themselves, and whom they do not wish to meet."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update

from app import policy
from app.core.db import session
from app.core.errors import Invalid, NotFound
from app.core.i18n import LANGUAGES, _
from app.core.ids import PublicId
from app.core.names import NameRefused, check_display_name, fold
from app.core.operation import announce, operation
from app.models import STAFF, Block, Group, Member
from app.policy import Viewer, allowed

from .cards import BUDS
from .events import PersonBlocked, PersonUnblocked

# 参加のペース: 読むだけ / 少人数で / いろいろ. Private: never shown to anybody else.
PACES = ("read", "few", "various")


def change_profile(viewer: Viewer, *, display_name: str, bud: int, pace: str, language: str) -> None:
    """Change one's own 呼び名, flower, 参加のペース and language.

    Two people may have the same 呼び名: a refusal would tell that somebody is here. Names of offices and of
    staff are refused. Raises Invalid with a sentence per field.
    """
    if bud not in range(1, BUDS + 1) or pace not in PACES or language not in LANGUAGES:
        raise Invalid(_("選べない項目が含まれています。画面を開き直してください。"))
    # Compared before the transaction: folding a thousand names would keep every other writer waiting.
    name = _free_name(viewer, display_name)
    _write_profile(viewer, name, bud, pace, language)


@operation
def _write_profile(viewer: Viewer, name: str, bud: int, pace: str, language: str) -> None:
    me = policy.claim(viewer, Member, viewer.public_id, "view")
    me.display_name, me.display_fold = name, fold(name)
    me.bud, me.pace, me.language = bud, pace, language


def _free_name(viewer: Viewer, display_name: str) -> str:
    me = policy.fetch(viewer, Member, viewer.public_id)
    if display_name.strip() == me.display_name:
        return me.display_name
    try:
        return check_display_name(display_name, reserved=_names_of_others(viewer))
    except NameRefused as refusal:
        raise Invalid(refusal.sentence, {"display_name": [refusal.sentence]}) from refusal


def _names_of_others(viewer: Viewer) -> set[str]:
    """The names of the staff and of the groups this viewer knows: a refusal must not tell of anybody else."""
    staff = session.execute(
        select(Member.display_name, Member.legal_name).where(
            Member.roles.bitwise_and(int(STAFF)) != 0, Member.id != viewer.id, allowed(viewer, "view", Member)
        )
    )
    groups = session.scalars(select(Group.name).where(allowed(viewer, "view", Group)))
    return {name for row in staff for name in row if name} | set(groups)


@operation
def block_person(viewer: Viewer, person_id: PublicId) -> None:
    """Make two people invisible to each other. Nobody is told; blocking twice is harmless.

    Raises NotFound if the viewer cannot see the person, Forbidden for those who speak officially.
    """
    _lock_pair(viewer, person_id)
    if _blocked_key(viewer, person_id) is not None:
        return
    person = policy.fetch(viewer, Member, person_id, "block")
    assert viewer.id is not None
    session.add(Block(blocker_id=viewer.id, blocked_id=person.id))
    _look_again(viewer.id, person.id)
    announce(PersonBlocked(blocker_id=viewer.id, blocked_id=person.id))


@operation
def unblock_person(viewer: Viewer, person_id: PublicId) -> None:
    """Take one's own block back. Raises NotFound for anybody else, whoever they are to the viewer."""
    _lock_pair(viewer, person_id)
    blocked_key = _blocked_key(viewer, person_id)
    if blocked_key is None or viewer.id is None:
        raise NotFound()
    session.execute(delete(Block).where(Block.blocker_id == viewer.id, Block.blocked_id == blocked_key))
    _look_again(viewer.id, blocked_key)
    announce(PersonUnblocked(blocker_id=viewer.id, blocked_id=blocked_key))


def _lock_pair(viewer: Viewer, person_id: PublicId) -> None:
    """Take both rows in one order, so that two people who block each other at once do not wait forever."""
    session.execute(
        select(Member.id)
        .where(or_(Member.id == viewer.id, Member.public_id == person_id))
        .order_by(Member.id)
        .with_for_update()
    ).all()


def _blocked_key(viewer: Viewer, person_id: PublicId) -> int | None:
    return session.scalar(
        select(Block.blocked_id)
        .join(Member, Member.id == Block.blocked_id)
        .where(Block.blocker_id == viewer.id, Member.public_id == person_id)
    )


def _look_again(*member_keys: int) -> None:
    """Whoever looks next gets a new Viewer: what these members may see has changed."""
    session.execute(update(Member).where(Member.id.in_(member_keys)).values(version=Member.version + 1))
