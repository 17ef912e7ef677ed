"""The shape of what the reading pages send."""

from __future__ import annotations

from wtforms import StringField

from app.core.forms import BaseForm, required


class BookmarkForm(BaseForm):
    """Up to which post a topic was read."""

    post = StringField(validators=[required()])


class LevelForm(BaseForm):
    """How much somebody wishes to hear of a topic."""

    level = StringField(validators=[required()])
