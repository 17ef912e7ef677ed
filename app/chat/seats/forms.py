"""The shape of what is sent about first friends."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from app.core.forms import BaseForm

from .quiz import QUESTIONS


def _answer(number: int) -> Any:
    """One question; it may stay without an answer, and the operation knows which there are."""
    question = QUESTIONS[number]
    label: Any = question.words  # wtforms knows lazy sentences, its types do not
    choices = [SelectChoice(str(choice), words) for choice, words in enumerate(question.choices)]
    return RadioField(label, choices=choices, validate_choice=False, default=None)


class QuizForm(BaseForm):
    """Up to five answers, each 0 or 1."""

    q0 = _answer(0)
    q1 = _answer(1)
    q2 = _answer(2)
    q3 = _answer(3)
    q4 = _answer(4)
