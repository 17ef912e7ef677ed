"""A quiet word to whoever types something about health, family, belief or how to reach them in private.

It is worked out while a page is drawn, here and in the browser (static/js/profile.js), and goes nowhere: it is not
stored, not logged and not told to anybody. What was typed is saved all the same. The patterns are read by both, so
they use only what Python and browsers write alike, and are tried on folded text (NFKC, small letters).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from app.core.errors import Sentence
from app.core.i18n import _


@dataclass(frozen=True)
class Nudge:
    """One kind of thing nobody needs to write, and the sentence that says so."""

    kind: str
    pattern: str
    sentence: Sentence


_WORK_OF_FAMILY = "職業|仕事|勤め|勤務|会社員|公務員|自営|無職|収入|学歴|病気|障害|介護|離婚|他界|亡くな"

# Few and precise: 「健康診断の日程」, 「憂鬱」, 「家族と旅行」, 「母校」 and 「宗教画」 are everyday words.
NUDGES: tuple[Nudge, ...] = (
    Nudge(
        "health",
        "持病|通院|入院(?!生)|既往歴|服薬|うつ病|鬱病|発達障害|精神科|心療内科|障害者手帳|障がい者手帳|診断書|妊娠"
        r"|\bmy (?:illness|disease|disability|depression)\b|\bpregnan(?:t|cy)\b",
        _("健康や体調のことは、書かなくて大丈夫です"),
    ),
    Nudge(
        "family",
        r"(?:父|母(?![校国語音])|兄|姉(?!妹都市)|弟(?!子)|妹|祖父|祖母|両親|家族)[^。、\n]{0,8}"
        rf"(?:{_WORK_OF_FAMILY})|母子家庭|父子家庭|ひとり親|家族構成|本籍"
        r"|\bmy (?:father|mother|parents|brother|sister|family)\b[^.\n]{0,20}\b(?:works?|job|ill|sick|income|divorced)\b",
        _("ご家族のことは、書かなくて大丈夫です"),
    ),
    Nudge(
        "belief",
        "宗教(?![画史学建])|信仰|信者|入信|支持政党|支持する政党|労働組合|学生運動"
        r"|\bmy religion\b|\bpolitical party\b|\blabou?r union\b",
        _("信仰や支持する政党などのことは、書かなくて大丈夫です"),
    ),
    Nudge(
        "contact",
        r"(?:^|[^0-9])(?:0[5789]0[- ]?[0-9]{4}[- ]?[0-9]{4}|0[0-9]-[0-9]{4}-[0-9]{4}|0[0-9]{2}-[0-9]{3}-[0-9]{4}"
        r"|0[0-9]{3}-[0-9]{2}-[0-9]{4})(?![0-9])|\+81[- ]?[0-9]"
        r"|(?:^|[^a-z])(?:line|kakao|discord|wechat)[ の]*id(?![a-z])|ライン[ の]*id|line\.me/"
        r"|[a-z0-9._+-]+@[a-z0-9-]+\.[a-z]"
        "|〒 ?[0-9]{3}|[0-9]丁目|[0-9]番地|[0-9]号室",
        _("電話番号やLINE ID、住所などの連絡先は、書かないことをおすすめします"),
    ),
)

_PATTERNS = tuple((nudge, re.compile(nudge.pattern)) for nudge in NUDGES)


def nudges_for(text: str) -> tuple[Sentence, ...]:
    """The sentences this text asks for, most often none."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return tuple(nudge.sentence for nudge, pattern in _PATTERNS if pattern.search(folded))


def for_the_browser() -> list[list[str]]:
    """The same table for the page's script: pattern and sentence, in the language of the moment."""
    return [[nudge.pattern, str(nudge.sentence)] for nudge in NUDGES]


def nudges_of(texts: Iterable[tuple[str, str | None]]) -> dict[str, tuple[str, ...]]:
    """Field → the sentences its text asks for, for those that ask for some."""
    found = {key: tuple(map(str, nudges_for(text or ""))) for key, text in texts}
    return {key: sentences for key, sentences in found.items() if sentences}
