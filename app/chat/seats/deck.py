"""Cards with something to talk about, a deck for each kind of room.

None touches what employers must not ask of candidates (the 14 items, product.md): no family, home, belief, books one
loves or people one admires; and none compares.
"""

from __future__ import annotations

from app.core.errors import Sentence
from app.core.i18n import _

_EVERYDAY: tuple[Sentence, ...] = (
    _("最近はまっていること"),
    _("好きな朝ごはん"),
    _("入社までにやってみたいこと"),
    _("話しかけてOKな話題"),
    _("元気が出る食べもの"),
    _("休みの日の、いちばんのんびりした過ごし方"),
    _("いま育てているもの、作っているもの"),
    _("もう一度見たい景色"),
    _("カフェでつい頼むもの"),
    _("最近、声に出して笑ったこと"),
    _("ちょっとした特技。役に立たなくても大丈夫です"),
    _("この季節に食べたいもの"),
    _("行ってみたい場所"),
    _("つい集めてしまうもの"),
    _("雨の日の楽しみ"),
    _("学校で楽しかった授業や実験"),
    _("好きな文房具、好きな道具"),
    _("夜更かししてしまう理由"),
)
_BEFORE_WORK: tuple[Sentence, ...] = (
    _("入社後に見てみたい仕事の現場"),
    _("先輩社員に聞いてみたいこと"),
    _("入社までに、ゆっくりしておきたいこと"),
    _("この会社で、はじめて知った言葉"),
    _("研修でちょっと楽しみなこと、ちょっと心配なこと"),
    _("このメンバーでやってみたいこと"),
)
_AT_THE_TABLE: tuple[Sentence, ...] = (
    _("今週あった、ちいさないいこと"),
    _("おにぎりの具、ひとつだけ選ぶなら"),
    _("最近買ってよかったもの"),
    _("朝起きて最初にすること"),
    _("ひとつだけ魔法が使えるなら"),
    _("無人島に持っていくおやつ"),
    _("あと1時間、今日が長かったら"),
    _("スマホの中で好きな写真を、言葉で説明すると"),
)

# Kind of room → its deck. A card's number is stored (Room.prompt): new ones go to the end.
DECKS: dict[str, tuple[Sentence, ...]] = {
    "group": (*_EVERYDAY, *_BEFORE_WORK),
    "seat": (*_EVERYDAY, *_AT_THE_TABLE),
    "small": (*_EVERYDAY, *_BEFORE_WORK),
}


def card_of(kind: str, number: int) -> Sentence:
    """The card with this number; a number behind the end begins the deck again."""
    deck = DECKS[kind]
    return deck[number % len(deck)]
