"""The shape of what people say about themselves."""

from __future__ import annotations

from wtforms import RadioField

from app.core.forms import BaseForm, LineField, required
from app.core.i18n import LANGUAGES, _

from .cards import BUDS


class ProfileForm(BaseForm):
    """One's own profile. The rules for names are the operation's: only it knows the names of staff."""

    display_name = LineField(_("呼び名"), validators=[required(_("呼び名を入力してください"))])
    bud = RadioField(
        _("つぼみ"),
        coerce=int,
        choices=[(number, _("つぼみ %(number)s", number=number)) for number in range(1, BUDS + 1)],
    )
    pace = RadioField(
        _("参加のペース"),
        choices=[("read", _("読むだけ")), ("few", _("少人数で")), ("various", _("いろいろ"))],
    )
    language = RadioField(_("表示言語"), choices=list(LANGUAGES.items()))


class NoForm(BaseForm):
    """A button: nothing but the press itself, so that anything else sent along is refused."""
