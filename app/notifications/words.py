"""The words about notices: why somebody is told, and the one sentence a push may say."""

from __future__ import annotations

from app.core.i18n import _

# Why I am told; stands under each notice and in letters.
REASONS = {
    "announcement": _("人事からのお知らせです"),
    "reminder": _("確認をお願いしているお知らせです"),
    "talk": _("「話したい」という方がいます"),
    "report": _("ひろば運営の確認を待っています"),
    "message": _("メッセージが届いています"),
    "mention": _("お名前が書かれています"),
    "answer": _("あなたの投稿への返信です"),
    "reply": _("フォロー中のトピックです"),
    "room": _("しばらく静かだったルームです"),
}
# What a push says: the kind, never a word of the text (a locked screen is read by others).
PUSHED = {
    "announcement": _("人事からお知らせがあります"),
    "reminder": _("確認をお願いしているお知らせがあります"),
    "talk": _("「話したい」という方がいます"),
    "report": _("確認を待っている通報があります"),
    "message": _("新しいメッセージがあります"),
    "mention": _("お名前の書かれた投稿があります"),
    "answer": _("新しい返信があります"),
    "reply": _("フォロー中のトピックに、新しいコメントがあります"),
    "room": _("静かだったルームに、新しいメッセージがあります"),
}
PUSHED_OF_MESSAGES = {**PUSHED, "mention": _("お名前の書かれたメッセージがあります")}
ICONS = {
    "announcement": "announce",
    "reminder": "announce",
    "talk": "talk",
    "report": "flag",
    "message": "chat",
    "mention": "me",
    "answer": "reply",
    "reply": "boards",
    "room": "chat",
}
# What stands in the place of a title: it names nobody.
TITLES = {"talk": _("話したい"), "report": _("トークからの通報")}
# Kind → (label, note) on the settings page.
LABELS = {
    "announcement": (_("人事からのお知らせ"), _("手続きのお知らせは、設定にかかわらずメールでも届きます")),
    "reminder": (_("確認のお願い"), _("「確認しました」をお待ちしているお知らせの、念のためのご連絡です")),
    "talk": (
        _("内定者からの「話したい」"),
        _("採用チームの全員に届きます。返信の目安は1営業日と、内定者に伝えています"),
    ),
    "report": (_("トークからの通報"), _("ひろば運営に届きます。ご自身についての通報は届きません")),
    "message": (
        _("2人のトークと「人事への連絡」"),
        _("ルームを開いている間は届きません。ルームごとに止めることもできます"),
    ),
    "mention": (
        _("お名前が書かれたとき"),
        _("投稿やメッセージに「@呼び名」であなたが書かれたときです"),
    ),
    "answer": (_("あなたの投稿への返信"), _("引用されたときと、あなたのトピックにコメントがついたときです")),
    "reply": (_("フォロー中のトピック"), _("トピックの画面で「フォロー」を選んだときだけです")),
    "room": (_("静かだったルーム"), _("6時間ほど静かだったルームに、ひとこと目が書かれたときだけです")),
}
