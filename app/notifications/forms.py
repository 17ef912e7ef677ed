"""The shape of what a member says about their notices, and of what a browser says about its pushes."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length

from app.core.forms import BaseForm, required
from app.core.i18n import _

from .ways import DUTIES, KINDS


class NoForm(BaseForm):
    """A button: nothing but the press itself."""


class SeenForm(BaseForm):
    """Up to which notice the list was looked at."""

    newest = HiddenField(validators=[Length(max=13)])


class WaysForm(BaseForm):
    """How each kind of notice is to arrive; its fields are added below, two for each kind."""

    digest = RadioField(
        _("まとめて通知"),
        choices=[
            SelectChoice("daily", _("毎日（営業日の朝8時）")),
            SelectChoice("weekly", _("毎週（月曜の朝8時）")),
            SelectChoice("", _("受け取らない")),
        ],
        default="daily",
    )


def _mail_field(**more: Any) -> Any:
    return SelectField(
        _("メール"),
        **more,
        choices=[
            SelectChoice("bundle", _("そのつど（30分に1通まで）")),
            SelectChoice("digest", _("まとめて通知で")),
            SelectChoice("", _("受け取らない")),
        ],
    )


for _kind in KINDS:
    # Whoever does not hold the office is not asked about its notices, and sends no such field.
    setattr(WaysForm, f"{_kind}_mail", _mail_field(default="bundle") if _kind in DUTIES else _mail_field())
    setattr(WaysForm, f"{_kind}_push", BooleanField(_("プッシュ通知")))


class DeviceForm(BaseForm):
    """What a browser hands out when it takes pushes (PushSubscription.toJSON)."""

    endpoint = StringField(validators=[required(), Length(max=1000)])
    p256dh = StringField(validators=[required(), Length(max=120)])
    auth = StringField(validators=[required(), Length(max=60)])
    replaces = StringField(default="", validators=[Length(max=1000)])


class EndpointForm(BaseForm):
    """The address of a browser that takes pushes no more."""

    endpoint = StringField(validators=[required(), Length(max=1000)])
