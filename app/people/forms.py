"""The shape of what people say about themselves."""

from __future__ import annotations

from itertools import starmap

from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from app.core.forms import BaseForm, LineField, required
from app.core.i18n import LANGUAGES, _

from .cards import BUDS


class ProfileForm(BaseForm):
    """One's own profile. The rules for names are the operation's: only it knows the names of staff."""

    display_name = LineField(_("呼び名"), validators=[required(_("呼び名を入力してください"))])
    bud = RadioField(
        _("つぼみ（アイコン）"),
        coerce=int,
        choices=[
            SelectChoice(number, _("つぼみ %(number)s", number=number)) for number in range(1, BUDS + 1)
        ],
    )
    pace = RadioField(
        _("参加のペース"),
        choices=[
            SelectChoice("read", _("読むだけ")),
            SelectChoice("few", _("少人数で")),
            SelectChoice("various", _("いろいろ")),
        ],
    )
    language = RadioField(_("表示言語"), choices=list(starmap(SelectChoice, LANGUAGES.items())))


class NoForm(BaseForm):
    """A button: nothing but the press itself, so that anything else sent along is refused."""
