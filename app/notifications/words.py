"""The words about notices: why somebody is told, and the one sentence a push may say."""

from __future__ import annotations

from app.core.i18n import _

# Why I am told; stands under each notice and in letters.
REASONS = {
    "announcement": _("人事からのお知らせです"),
    "reminder": _("確認をお願いしているお知らせです"),
    "mention": _("お名前が書かれています"),
    "answer": _("あなたの投稿への返信です"),
    "reply": _("フォロー中のトピックです"),
}
# What a push says: the kind, never a word of the text (a locked screen is read by others).
PUSHED = {
    "announcement": _("人事からお知らせがあります"),
    "reminder": _("確認をお願いしているお知らせがあります"),
    "mention": _("お名前の書かれた投稿があります"),
    "answer": _("新しい返信があります"),
    "reply": _("フォロー中のトピックに、新しいコメントがあります"),
}
ICONS = {
    "announcement": "announce",
    "reminder": "announce",
    "mention": "me",
    "answer": "reply",
    "reply": "boards",
}
# Kind → (label, note) on the settings page.
LABELS = {
    "announcement": (_("人事からのお知らせ"), _("手続きのお知らせは、設定にかかわらずメールでも届きます")),
    "reminder": (_("確認のお願い"), _("「確認しました」をお待ちしているお知らせの、念のためのご連絡です")),
    "mention": (_("お名前が書かれたとき"), _("投稿に「@呼び名」であなたが書かれたときです")),
    "answer": (_("あなたの投稿への返信"), _("引用されたときと、あなたのトピックにコメントがついたときです")),
    "reply": (_("フォロー中のトピック"), _("トピックの画面で「フォロー」を選んだときだけです")),
}
