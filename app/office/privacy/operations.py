"""Changing a cap: a narrower one acts at once and on what was chosen before, a wider one becomes a request."""

from __future__ import annotations

from app.core.errors import Conflict
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.operation import operation
from app.people.caps import apply_cap
from app.policy import Viewer

from ..approvals.operations import ask
from ..checks import wrong
from ..gate import claimed_community
from .caps import asked_to_raise, bits_named, cap_now, field_named, put_cap, word_of


@operation
def change_cap(viewer: Viewer, field_key: str, *, cap: str, seen: str, reason: str) -> PublicId | None:
    """Let a field reach so far among candidates at most; `seen` is the cap HR was shown.

    A narrower cap cuts every stored choice in the same moment: None. A wider one is only asked for, with its reason:
    the id of the request. Floors are no part of it. Raises NotFound, Invalid, and Conflict where the cap changed since it
    was shown or nobody could approve.
    """
    claimed_community(viewer, "govern")
    field = field_named(field_key)
    before, after = cap_now(field), bits_named(field, cap)
    if word_of(before) != seen:
        raise Conflict(_("ほかの方が先に上限を変えたため、保存しませんでした。いまの設定をご確認ください。"))
    if after == before:
        raise wrong("cap", _("いまの上限と同じです。別の範囲を選んでください"))
    if after & ~before:
        return ask(viewer, "raise_cap", asked_to_raise(field, before, after), reason)
    apply_cap(field.key, int(after))
    put_cap(field, after)
    return None
