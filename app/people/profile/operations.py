"""What candidates change about themselves for others: the text of their fields, and who sees each."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select

from app import policy
from app.core.db import session
from app.core.errors import Invalid, NotFound, Sentence
from app.core.i18n import _
from app.core.names import grapheme_length, shows_nothing
from app.core.operation import operation
from app.models import RECIPROCAL_FIELDS, Member, ProfileValue, Relation, Role
from app.policy import Viewer
from app.policy.fields import FIELDS, Field, cap_of, choice_of, default_of, effective, within, words_of

from ..caps import held_caps
from .words import WHY_FLOOR, WHY_NARROWED

_UNKNOWN = _("選べない項目が含まれています。画面を開き直してください。")
_REFUSED = _("入力内容をご確認ください。書いた内容はそのまま残っています。")
_LONGEST_VALUE = 2000  # the column's width


def begin_profile(member: Member) -> None:
    """Write down the 氏名 of a candidate who joins, shown as the table says until they choose (HR, and their mentor).

    Called within the operation that lets them in, once the member has an id. Staff have no such fields.
    """
    if not member.roles & Role.CANDIDATE or not member.legal_name:
        return
    field = FIELDS["legal_name"]
    name = f"{member.legal_name}（{member.kana}）" if member.kana else member.legal_name
    # Its default holds no candidate, so no cap can narrow it.
    choice = default_of(field, int(field.widest))
    session.add(
        ProfileValue(
            member_id=member.id,
            field=field.key,
            value=name,
            audience=int(choice),
            effective=int(effective(field, choice, int(field.widest))),
        )
    )


@operation
def write_profile(viewer: Viewer, texts: Mapping[str, str]) -> None:
    """Write what stands in one's own fields (field → text); an empty text takes it away, the audience stays chosen.

    Raises NotFound for staff, who have no such fields, Invalid for a field there is not or that the office gives,
    and with a sentence beside each text that is too long.
    """
    _check_known(viewer, texts)
    # What nobody could see is nothing: it would open reciprocal fields of others and show no more than an empty one.
    fresh = {key: "" if shows_nothing(text) else text.strip() for key, text in texts.items()}
    refused = {key: _why_not_text(FIELDS[key], text) for key, text in fresh.items()}
    if any(refused.values()):
        raise Invalid(_REFUSED, {key: [why] for key, why in refused.items() if why})
    caps = held_caps()
    me = policy.claim(viewer, Member, viewer.public_id, "view")
    rows = _rows_of(me, fresh)
    before = _shared(rows)
    for key, text in fresh.items():
        if key in rows:
            rows[key].value = text
        elif text:
            rows[key] = _put(me, FIELDS[key], default_of(FIELDS[key], cap_of(FIELDS[key], caps)), caps)
            rows[key].value = text
    _look_again(me, before, rows)


@operation
def choose_audiences(viewer: Viewer, choices: Mapping[str, tuple[str, str]]) -> None:
    """Say who sees one's own fields: field → (towards candidates, towards colleagues), in words of policy/fields.py.

    Raises NotFound for staff, Invalid for a field or a word there is not, and with a sentence beside each choice that
    the company's settings or the field itself do not let.
    """
    _check_known(viewer, choices, or_given=True)
    caps = held_caps()
    refused = {
        f"{key}_{side}": [why]
        for key, choice in choices.items()
        for side, why in _why_not_choice(FIELDS[key], choice, cap_of(FIELDS[key], caps)).items()
    }
    if refused:
        raise Invalid(_REFUSED, refused)
    me = policy.claim(viewer, Member, viewer.public_id, "view")
    rows = _rows_of(me, choices)
    before = _shared(rows)
    for key, choice in choices.items():
        bits = choice_of(*choice)
        if key not in rows:
            rows[key] = _put(me, FIELDS[key], bits, caps)
        rows[key].audience = int(bits)
        rows[key].effective = int(effective(FIELDS[key], bits, cap_of(FIELDS[key], caps)))
    _look_again(me, before, rows)


def _check_known(viewer: Viewer, keys: Collection[str], *, or_given: bool = False) -> None:
    if not viewer.is_candidate:
        raise NotFound()
    if any(key not in FIELDS or (FIELDS[key].is_given and not or_given) for key in keys):
        raise Invalid(_UNKNOWN)


def _why_not_text(field: Field, text: str) -> Sentence | None:
    # Nobody counts the letters of what no field could hold.
    if len(text) <= _LONGEST_VALUE and grapheme_length(text) <= field.longest:
        return None
    return _("%(most)s文字以内にしてください", most=field.longest)


def _why_not_choice(field: Field, choice: tuple[str, str], cap: Relation) -> dict[str, Sentence]:
    """Which of the two cannot be chosen: side → why. Raises Invalid for a word there is not, or beyond the field."""
    try:
        bits = choice_of(*choice)
    except KeyError:
        raise Invalid(_UNKNOWN) from None
    if within(bits, int(field.widest)) != bits:
        raise Invalid(_UNKNOWN)
    refused = {}
    if within(bits, int(cap)) != bits:
        refused["candidates"] = WHY_NARROWED[words_of(int(cap))[0]]
    if field.floor & ~bits:
        refused["colleagues"] = WHY_FLOOR
    return refused


def _rows_of(me: Member, keys: Collection[str]) -> dict[str, ProfileValue]:
    rows = session.scalars(
        select(ProfileValue).where(ProfileValue.member_id == me.id, ProfileValue.field.in_(list(keys)))
    )
    return {row.field: row for row in rows}


def _put(me: Member, field: Field, choice: Relation, caps: Mapping[str, int]) -> ProfileValue:
    row = ProfileValue(
        member_id=me.id,
        field=field.key,
        value="",
        audience=int(choice),
        effective=int(effective(field, choice, int(cap_of(field, caps)))),
    )
    session.add(row)
    return row


def _shared(rows: Mapping[str, ProfileValue]) -> dict[str, int]:
    """How far the reciprocal fields with something in them are shared."""
    return {key: rows[key].effective for key in RECIPROCAL_FIELDS if key in rows and rows[key].value}


def _look_again(me: Member, before: Mapping[str, int], rows: Mapping[str, ProfileValue]) -> None:
    """Whoever shares another amount of a reciprocal field sees another amount of others'."""
    if _shared(rows) != before:
        me.version += 1
