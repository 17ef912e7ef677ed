"""The sixty-second quiz of となりの席: five questions with two answers each, none of them right.

Nothing here is among what employers must not ask of candidates (the 14 items, product.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import Sentence
from app.core.i18n import _


@dataclass(frozen=True)
class Question:
    """One question and its two answers, numbered 0 and 1."""

    words: Sentence
    choices: tuple[Sentence, Sentence]


# The places are stored (SeatAnswer.question, .choice): the order stays.
QUESTIONS: tuple[Question, ...] = (
    Question(_("どちらかというと"), (_("朝型"), _("夜型"))),
    Question(_("出かけるなら"), (_("海"), _("山"))),
    Question(_("旅の計画は"), (_("しっかり立てる"), _("行ってから決める"))),
    Question(_("おやつは"), (_("甘いもの"), _("しょっぱいもの"))),
    Question(_("連絡は"), (_("文字が楽"), _("声が楽"))),
)
