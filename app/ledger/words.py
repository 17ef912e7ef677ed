"""The words of the access ledger: purposes, actions and roles, and the sentence an entry is read as."""

from __future__ import annotations

from typing import Any

from app.core.i18n import _, t, tn
from app.core.names import fold

# code → what the office chooses
PURPOSES = {
    "grouping": _("班分け"),
    "contact": _("連絡"),
    "procedure": _("手続き"),
    "placement": _("配属の準備"),
    "support": _("相談への対応"),
    "other": _("その他"),
}
# code → the same inside a sentence
_FOR = {
    "grouping": _("班分けのために"),
    "contact": _("連絡のために"),
    "procedure": _("手続きのために"),
    "placement": _("配属の準備のために"),
    "support": _("相談への対応のために"),
    "other": _("そのほかの目的で"),
}
# code → what the person whose data it is reads
ACTIONS = {
    "profile": _("%(who)s（%(role)s）が%(purpose)sプロフィールを確認しました"),
    "columns": _("%(who)s（%(role)s）が%(purpose)s一覧で詳しい項目を確認しました"),
    "export": _("%(who)s（%(role)s）が%(purpose)s情報をファイルに書き出しました"),
}
# code → who looked
ROLES = {
    "hr": _("人事"),
    "lead": _("人事責任者"),
    "administrator": _("システム管理者"),
}
PROFILE = "profile"  # the action of opening one person in the office
# What the ledger itself notes when somebody is erased: how many entries about them lost their words.
ERASURE = "erasure"


def entry_sentence(*, name: str, role: str, action: str, purpose: str, approver: str = "") -> str:
    """「佐藤さん（人事）が班分けのためにプロフィールを確認しました」, in the language of the moment.

    `name` and `approver` are as they were on that day. Raises KeyError for a code nobody wrote words for.
    """
    sentence = str(ACTIONS[action]) % {
        "who": _called(name),
        "role": str(ROLES[role]),
        "purpose": str(_FOR[purpose]),
    }
    if not approver:
        return sentence
    return t("%(sentence)s（承認：%(who)s）", sentence=sentence, who=_called(approver))


def sentence_of(entry: Any) -> str:
    """The same for a row of the ledger, or columns of one; also for those without a person in them (auditor)."""
    if entry.action == ERASURE:
        count = int(entry.purpose)
        return tn(
            "退会した方についての記録%(count)s件から、内容を消しました",
            "退会した方についての記録%(count)s件から、内容を消しました",
            count,
        )
    if not entry.salt:
        return t("退会した方についての記録です（内容は消されています）")
    return entry_sentence(
        name=entry.viewer_name,
        role=entry.viewer_role,
        action=entry.action,
        purpose=entry.purpose,
        approver=entry.approver_name,
    )


def answering_name(display_name: str, legal_name: str, kana: str) -> str:
    """The name under which somebody of the office answers for an act: the display name where it is a part of the 氏名,
    otherwise the 氏名.

    A display name can be changed and changed back within a minute: nobody acts under the name of a colleague.
    """
    called = fold(_bare(display_name).removesuffix("さん"))
    is_theirs = called in fold(legal_name) or called in fold(kana)
    return display_name if is_theirs or not legal_name else legal_name


def _bare(name: str) -> str:
    """A display name without the office behind it: 「佐藤（人事・採用担当）」 → 佐藤."""
    return name.partition("（")[0].strip() or name


def _called(name: str) -> str:
    """A display name of the office in a sentence that tells the role itself: 「佐藤さん（人事・採用担当）」 → 佐藤さん."""
    bare = _bare(name)
    return bare if bare.endswith("さん") else t("%(who)sさん", who=bare)
