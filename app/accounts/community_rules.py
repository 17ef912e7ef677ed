"""The community rules that everyone accepts, with their version; raise it when the meaning changes."""

from __future__ import annotations

VERSION = 1

TITLES = {"ja": "コミュニティのルール", "en": "Community rules"}

# (what, in one sentence why or how), in the order they are read.
ITEMS: dict[str, tuple[tuple[str, str], ...]] = {
    "ja": (
        (
            "書くことも、読むだけも自由です",
            "書かなくても、返事をしなくても、内定や配属に影響することはありません。",
        ),
        (
            "こんな話をどうぞ",
            "暮らしのこと、勉強のこと、仕事への質問など、読んだ人が困らない話なら何でも歓迎です。",
        ),
        (
            "聞かないこと",
            "家族、出身地、信条、健康、ほかの会社の選考のことは、おたがいに聞かないことにします。",
        ),
        (
            "連絡先は書きません",
            "電話番号、住所、SNSのIDなどの連絡先は、自分のものでもほかの方のものでも、"
            "ここには書かないでください。",
        ),
        (
            "勧誘や、急がせることはしません",
            "商品や団体への勧誘と、参加や返事を急がせることは、同期でも社員でも人事でもお断りしています。",
        ),
        (
            "だれが読むかは、ひろばごとに決まっています",
            "同期だけのひろばも、社員や人事が参加するひろばもあり、"
            "読める人はひろばの名前のそばに書いてあります。",
        ),
        (
            "困った投稿には、ひろば運営が対応します",
            "ルールに合わない投稿は、担当のモデレーターが理由を添えて非表示にし、書いた方にお知らせします。",
        ),
    ),
    "en": (
        (
            "Write, or just read",
            "Not writing and not replying have no effect on your job offer or your placement.",
        ),
        (
            "What to talk about",
            "Everyday life, studies, questions about the work: anything that does not put a reader "
            "in a difficult position is welcome.",
        ),
        (
            "What we do not ask",
            "We do not ask each other about family, place of origin, beliefs, health, or "
            "applications to other companies.",
        ),
        (
            "No private contact details",
            "Please do not write phone numbers, addresses or social media IDs here, neither your own "
            "nor anybody else's.",
        ),
        (
            "No recruiting and no pressure",
            "Nobody, whether candidate, employee or HR, may recruit for products or groups here, or "
            "hurry others to take part or to answer.",
        ),
        (
            "Each board says who reads it",
            "Some boards are for candidates of one cohort only, others include employees and HR, and "
            "the readers are named beside each board's name.",
        ),
        (
            "Moderators look after the boards",
            "A moderator hides a post that does not fit these rules, gives a reason, and lets its "
            "author know.",
        ),
    ),
}
