"""The shape of what candidates say about themselves, and of whom they say it to."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from app.core.forms import BaseForm, LineField, fits, longest, no_nul

from ..forms import ProfileForm
from ..words import LABELS
from .words import LONGEST, TO_CANDIDATES, TO_COLLEAGUES

_COLUMN = 2000


def _text(key: str) -> TextAreaField:
    label: Any = LABELS[key]  # translated when it is drawn; WTForms asks for no more than text
    return TextAreaField(label, filters=[no_nul], validators=[longest(LONGEST[key]), fits(_COLUMN)])


class IntroductionForm(ProfileForm):
    """A candidate's profile with 自己紹介. What is not sent stays as it is; what is sent empty is taken away."""

    university = LineField(LABELS["university"], validators=[longest(LONGEST["university"]), fits(_COLUMN)])
    pastime = _text("pastime")
    wish = _text("wish")
    topics = _text("topics")
    links = _text("links")


class ReachField(RadioField):
    """One of two choices of a field; not sent where it was closed, and then it stays as it is."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no word of the list."""
        if self.data is not None:
            super().pre_validate(form)


class PrivacyForm(BaseForm):
    """Who sees each field: `<field>_candidates` and `<field>_colleagues`."""


_label: Any
for _key, _label in LABELS.items():
    for _side, _words in (("candidates", TO_CANDIDATES), ("colleagues", TO_COLLEAGUES)):
        _choices = [SelectChoice(value, label) for value, label in _words.items()]
        setattr(PrivacyForm, f"{_key}_{_side}", ReachField(_label, choices=_choices))
