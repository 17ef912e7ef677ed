"""The words of audiences: what can be chosen, who sees something then, and why a choice is closed."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.errors import Sentence
from app.core.i18n import _
from app.policy.fields import FIELDS

# What members write themselves, in the order of the table; the rest the office gave.
WRITTEN = tuple(key for key, field in FIELDS.items() if not field.is_given)
LONGEST = {key: FIELDS[key].longest for key in WRITTEN}

TO_CANDIDATES: Mapping[str, Sentence] = {
    "nobody": _("自分だけ"),
    "group": _("班"),
    "cohort": _("同期"),
    "all": _("内定者全員"),
}
TO_COLLEAGUES: Mapping[str, Sentence] = {
    "nobody": _("なし"),
    "hr": _("人事"),
    "mentor": _("人事と担当社員"),
    "employees": _("社員まで"),
}

# Both choices together, in one sentence: it says who sees it, and where nobody of one side does, that too.
AUDIENCES: Mapping[tuple[str, str], Sentence] = {
    ("nobody", "nobody"): _("自分だけに表示"),
    ("group", "nobody"): _("班に表示（人事には表示されません）"),
    ("cohort", "nobody"): _("同期に表示（人事には表示されません）"),
    ("all", "nobody"): _("内定者全員に表示（人事には表示されません）"),
    ("nobody", "hr"): _("人事に表示（ほかの内定者には表示されません）"),
    ("group", "hr"): _("班と人事に表示"),
    ("cohort", "hr"): _("同期と人事に表示"),
    ("all", "hr"): _("内定者全員と人事に表示"),
    ("nobody", "mentor"): _("人事と担当社員に表示（ほかの内定者には表示されません）"),
    ("group", "mentor"): _("班・人事・担当社員に表示"),
    ("cohort", "mentor"): _("同期・人事・担当社員に表示"),
    ("all", "mentor"): _("内定者全員・人事・担当社員に表示"),
    ("nobody", "employees"): _("人事と社員に表示（ほかの内定者には表示されません）"),
    ("group", "employees"): _("班・人事・社員に表示"),
    ("cohort", "employees"): _("同期・人事・社員に表示"),
    ("all", "employees"): _("内定者全員・人事・社員に表示"),
}

# One sentence for each field of the settings page.
SENTENCES: Mapping[str, Sentence] = {
    "legal_name": _("内定の手続きに使う名前です。ひろばやトークには、呼び名が表示されます"),
    "university": _("書いたときだけ表示されます。書かないままでも大丈夫です"),
    "pastime": _("話のきっかけになる、気軽なひとことです"),
    "wish": _("旅行でも、のんびりすることでも、なんでも大丈夫です"),
    "topics": _("はじめて話しかける人の手がかりになります"),
    "links": _("リンク先で何が見えるかは、リンク先の設定によります"),
}

WHY_NARROWED: Mapping[str, Sentence] = {
    "nobody": _("会社の設定により、ほかの内定者には表示できません"),
    "group": _("会社の設定により、班までです"),
    "cohort": _("会社の設定により、同期までです"),
}
WHY_FLOOR = _("手続きに必要なため、人事には必ず表示されます")
RECIPROCAL = _("ほかの内定者のものは、自分の分を同じ範囲か、それより広く表示している間だけ見られます")

PRESETS: Mapping[str, tuple[Sentence, Sentence]] = {
    "recommended": (_("おすすめ"), _("ひとことは班に。大学やSNSは自分だけに")),
    "quiet": (_("ひかえめ"), _("どの項目も、自分だけに")),
    "open": (_("オープン"), _("できるだけ広く。社員とも話しやすくなります")),
}
