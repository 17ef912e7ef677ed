"""The demo's announcements, and what else lends its boards a life: signs, pins, mentors. Pure data, as in texts.py.

Who acknowledged what is decided in demo.py by a fixed rule, never by name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """The same announcement in other words: kind 'easy' or 'en'."""

    kind: str
    title: str
    body: str


@dataclass(frozen=True)
class Announcement:
    """One announcement; `state` is where it stands on the demo's last day: sent, scheduled, draft or cancelled.

    `acknowledged` is the share of recipients, in percent, who pressed 確認しました.
    """

    author: str
    title: str
    body: str
    at: str
    audience: tuple[str, ...]
    state: str = "sent"
    is_procedure: bool = False
    names_from: str | None = None
    remind_on: str | None = None
    reaches_invited: bool = False
    acknowledged: int = 0
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True)
class Template:
    """A text HR uses again, with merge fields in braces."""

    name: str
    title: str
    body: str


ANNOUNCEMENTS: tuple[Announcement, ...] = (
    Announcement(
        author="jinji",
        title="内定式のご案内（10月1日・木）",
        body=(
            "{呼び名}さん\n\n"
            "内定式を、次のとおり開きます。\n\n"
            "- 日時：10月1日（木）14:00〜15:30（受付は13:30から）\n"
            "- 場所：本社3階 大会議室。遠方の方はオンラインでも参加できます\n"
            "- 服装：スーツでも、ふだんの落ち着いた服でもかまいません\n"
            "- 交通費：会社でお支払いします。領収書は要りません\n\n"
            "授業や研究と重なる方は、無理をなさらないでください。当日の資料は、あとでこの画面からご覧いただけます。"
            "欠席しても、内定や配属に影響することはありません。"
        ),
        at="2026-09-10 10:00",
        audience=("cohort:april",),
        is_procedure=True,
        names_from="2026-09-25",
        acknowledged=97,
        variants=(
            Variant(
                "easy",
                "内定式（ないていしき）の お知らせ（10月1日）",
                (
                    "{呼び名}さん\n\n"
                    "10月1日（木よう日）に、内定式（入社が きまった人の 会）が あります。\n\n"
                    "- 時間：午後2時から 3時30分まで\n"
                    "- 場所：本社の 3階。インターネットでも 見ることが できます\n"
                    "- 服：スーツで なくても だいじょうぶです\n"
                    "- 電車や バスの お金は、会社が はらいます\n\n"
                    "学校が ある人は、来なくても だいじょうぶです。"
                ),
            ),
            Variant(
                "en",
                "Invitation to the offer ceremony (Thu, 1 October)",
                (
                    "Dear {呼び名},\n\n"
                    "You are warmly invited to our offer ceremony.\n\n"
                    "- When: Thursday, 1 October, 14:00–15:30 (doors open at 13:30)\n"
                    "- Where: head office, 3rd floor, main hall; or online if you live far away\n"
                    "- Dress: a suit or any neat everyday clothes\n"
                    "- Travel: we pay your fare, no receipt needed\n\n"
                    "If you have classes or research that day, please put them first. The slides will be here afterwards, "
                    "and not attending changes nothing about your offer or your placement."
                ),
            ),
        ),
    ),
    Announcement(
        author="jinji",
        title="秋の工場見学会を開きます（11月13日・任意）",
        body=(
            "8月に続いて、諏訪工場の見学会を開きます。8月にいらした方も、はじめての方もどうぞ。\n\n"
            "- 日時：11月13日（金）13:30〜15:30\n"
            "- 集合：上諏訪駅 12:50（送迎バスが出ます）\n"
            "- 申し込み：「採用担当から」のトピックにひとこと書いていただくか、このままお返事なしで当日いらしてください\n\n"
            "参加は任意です。いらっしゃらなくても、内定や配属に影響することはありません。"
        ),
        at="2026-10-22 10:00",
        audience=("cohort:april",),
    ),
    Announcement(
        author="lead",
        title="健康診断の受け方について（訂正前）",
        body="健康診断の日程をお知らせします。日程は12月8日（火）です。",
        at="2026-11-04 09:30",
        audience=("cohort:april",),
        state="cancelled",
        is_procedure=True,
    ),
    Announcement(
        author="jinji",
        title="入社手続きの書類について（12月11日・金まで）",
        body=(
            "{呼び名}さん\n\n"
            "入社の手続きに使う書類のご案内です。\n\n"
            "1. 入社承諾書（お送りした封筒に入っています）\n"
            "2. 卒業見込証明書\n"
            "3. 通勤経路の届け（まだ住まいが決まっていない方は、空欄のままで大丈夫です）\n\n"
            "12月11日（金）までに、返信用の封筒でお送りください。学校の都合で間に合わないものがあるときは、"
            "分かった時点でひとことお知らせください。{入社}のみなさんに、同じ内容をお送りしています。\n\n"
            "家族・出身地・健康に関する書類はお願いしていません。"
        ),
        at="2026-11-16 10:00",
        audience=("cohort:april", "cohort:april_minor"),
        is_procedure=True,
        names_from="2026-12-14",
        remind_on="2026-12-07",
        reaches_invited=True,
        acknowledged=68,
        variants=(
            Variant(
                "easy",
                "入社の 書類（しょるい）の お知らせ（12月11日まで）",
                (
                    "{呼び名}さん\n\n"
                    "会社に 入るための 書類を、12月11日（金よう日）までに 送ってください。\n\n"
                    "1. 入社承諾書（会社から 送った 封筒に あります）\n"
                    "2. 卒業見込証明書（学校で もらいます）\n"
                    "3. 通勤経路の 届け（住む 家が まだの人は、書かなくて だいじょうぶです）\n\n"
                    "まにあわない ときは、教えてください。だいじょうぶです。"
                ),
            ),
        ),
    ),
    Announcement(
        author="jinji",
        title="年末年始のお休みと、相談できる先",
        body=(
            "採用担当は、12月26日（土）から1月4日（月）までお休みをいただきます。\n\n"
            "その間にご相談のあるときは、第三者相談窓口（早川法律事務所）が12月28日（月）まで受け付けています。"
            "急ぎの手続きはありませんので、どうぞゆっくりお過ごしください。"
        ),
        at="2026-12-18 10:00",
        audience=("candidates",),
        state="scheduled",
    ),
    Announcement(
        author="lead",
        title="入社前の座談会（2月）",
        body="2月にオンラインの座談会を予定しています。日程は調整中です。（下書き）",
        at="2026-11-20 16:00",
        audience=("cohort:april",),
        state="draft",
    ),
)

TEMPLATES: tuple[Template, ...] = (
    Template(
        name="手続きのご案内",
        title="◯◯のご案内（◯月◯日まで）",
        body=(
            "{呼び名}さん\n\n"
            "◯◯の手続きのご案内です。\n\n"
            "- お願いしたいこと：\n- 期限：◯月◯日（◯）\n\n"
            "間に合わないときは、分かった時点でひとことお知らせください。"
        ),
    ),
    Template(
        name="任意の集まりのご案内",
        title="◯◯を開きます（◯月◯日・任意）",
        body=(
            "◯◯を開きます。\n\n"
            "- 日時：\n- 場所：\n\n"
            "参加は任意です。いらっしゃらなくても、内定や配属に影響することはありません。"
        ),
    ),
)

# Pinned on its board by the moderator or HR: (board's slug, title of the topic).
PINNED: tuple[tuple[str, str], ...] = (("oshirase", "このひろばの使い方と、返信の目安"),)

# Employee → the candidates HR asked them to look after.
MENTORS: dict[str, tuple[str, ...]] = {"takumi": ("haruka", "sora"), "naomi": ("yui", "mei")}
