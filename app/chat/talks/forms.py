"""Forms of 話したい, of HR's inbox, and of お変わりありませんか."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, TextAreaField

from app.core.forms import BaseForm, LineField, SubmissionForm, fits, longest, no_nul, required, trimmed
from app.core.i18n import _

LONGEST_LINE = 200
LONGEST_MESSAGE = 1_000


def _line(label: str, id: str) -> LineField:
    return LineField(label, [longest(LONGEST_LINE), fits(LONGEST_LINE * 4)], id=id)


class AskOfficeForm(SubmissionForm):
    """A wish to talk with HR, with an optional line."""

    words = _line(_("ひとこと"), "office-words")


class AskMentorForm(SubmissionForm):
    """A wish to talk with a mentor, with an optional line."""

    mentor = RadioField(_("話したい相手"), choices=[], validate_choice=False)
    words = _line(_("ひとこと"), "mentor-words")


class CloseForm(SubmissionForm):
    """One sentence to whoever wished to talk."""

    words = TextAreaField(
        _("ひとこと"),
        [required(), longest(LONGEST_MESSAGE), fits(LONGEST_MESSAGE * 4)],
        filters=[no_nul, trimmed],
    )


class CheckInForm(BaseForm):
    """The words everybody gets."""

    body = TextAreaField(
        _("メッセージ"),
        [required(), longest(LONGEST_MESSAGE), fits(LONGEST_MESSAGE * 4)],
        filters=[no_nul, trimmed],
    )
    then = HiddenField(default="")
