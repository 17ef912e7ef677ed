"""A cap as HR names it, and raising one with a second person."""

from __future__ import annotations

from app.core.db import session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import _, t
from app.models import FieldCap, Relation
from app.people.caps import narrowed_caps
from app.people.profile.words import TO_CANDIDATES
from app.people.words import field_labels
from app.policy.fields import FIELDS, TOWARDS_CANDIDATES, Field, cap_of, words_of

from ..approvals.acts import Asked, carries_out
from ..checks import tell_everybody, wrong

_UNREADABLE = _("この依頼の内容は読み取れないため、承認できません。")


def field_named(key: str) -> Field:
    """The field. Raises NotFound."""
    if key not in FIELDS:
        raise NotFound()
    return FIELDS[key]


def cap_now(field: Field) -> Relation:
    """How far it may reach among candidates as of now."""
    return cap_of(field, narrowed_caps())


def word_of(bits: int) -> str:
    """The word for these bits of CANDIDATES."""
    return words_of(bits)[0]


def choices_of(field: Field) -> tuple[str, ...]:
    """The words within the field's own limit, narrowest first."""
    return tuple(word for word, bits in TOWARDS_CANDIDATES.items() if bits & ~field.widest == 0)


def bits_named(field: Field, word: str) -> Relation:
    """The bits of a cap that was chosen. Raises Invalid for a word there is not, and for one beyond the limit."""
    if word not in TOWARDS_CANDIDATES:
        raise wrong("cap", _("選べない範囲です。画面を開き直してください。"))
    if word not in choices_of(field):
        raise wrong(
            "cap",
            _(
                "この項目は「%(widest)s」より広くはできません。製品の決まりで、人事にも変えられません。",
                widest=TO_CANDIDATES[word_of(field.widest)],
            ),
        )
    return TOWARDS_CANDIDATES[word]


def put_cap(field: Field, bits: Relation) -> None:
    """Store a cap and let everybody look again. No stored choice grows with it (privacy.md, I2)."""
    session.merge(FieldCap(field=field.key, bits=int(bits)))
    tell_everybody()


# ── raising, with a second person ────────────────────────────────────────────────────────────────────────────


def asked_to_raise(field: Field, before: Relation, after: Relation) -> dict[str, str]:
    """What a request to raise a cap holds: the field, and the words of the cap before and after."""
    return {"field": field.key, "before": word_of(before), "after": word_of(after)}


def _read(asked: Asked) -> tuple[Field, Relation, Relation]:
    """Field, cap before and after. Raises Invalid for what nobody could have asked for."""
    if not isinstance(asked, dict) or set(asked) != {"field", "before", "after"}:
        raise Invalid(_UNREADABLE)
    field, words = FIELDS.get(str(asked["field"])), (asked["before"], asked["after"])
    if field is None:
        raise Invalid(_UNREADABLE)
    if any(word not in choices_of(field) for word in words):
        raise Invalid(_("この依頼は、項目の決まりより広い範囲を求めているため、承認できません。"))
    before, after = (TOWARDS_CANDIDATES[str(word)] for word in words)
    if before & ~after or before == after:
        raise Invalid(_UNREADABLE)
    return field, before, after


def field_asked(asked: Asked) -> str:
    """The field of a request; '' for what nobody could have asked for."""
    try:
        return _read(asked)[0].key
    except Invalid:
        return ""


def _in_words(asked: Asked) -> str:
    field, before, after = _read(asked)
    return t(
        "「%(field)s」の上限を「%(before)s」から「%(after)s」へ広げる",
        field=field_labels()[field.key],
        before=TO_CANDIDATES[word_of(before)],
        after=TO_CANDIDATES[word_of(after)],
    )


def _check(asked: Asked) -> None:
    """Raises Conflict where the cap is another one than when it was asked."""
    field, before, _after = _read(asked)
    if cap_now(field) != before:
        raise Conflict(
            _(
                "依頼のあとに上限が変わったため、このままでは承認できません。取り下げて、もう一度依頼してください。"
            )
        )


@carries_out("raise_cap", says=_in_words, checks=_check)
def raise_cap(asked: Asked) -> None:
    """Raise it. Nobody's choice changes: whoever wishes to show more chooses again."""
    _check(asked)
    field, _before, after = _read(asked)
    put_cap(field, after)
