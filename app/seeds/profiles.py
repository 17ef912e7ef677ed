"""What the demo's April candidates say about themselves, and to whom. Pure data, as in texts.py.

About half of them wrote something, most of them a line or two, as people do. Every university is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Choice = tuple[str, str]  # towards candidates, towards colleagues: words of policy/fields.py


@dataclass(frozen=True)
class Profile:
    """One self-introduction by fields, and where its writer chose another audience than the table's default."""

    texts: Mapping[str, str]
    audiences: Mapping[str, Choice]


def _profile(
    pastime: str = "",
    wish: str = "",
    topics: str = "",
    university: str = "",
    links: str = "",
    **audiences: Choice,
) -> Profile:
    """Texts by field; the audience of a field is named after it, with an underscore where the text has that name."""
    texts = {"university": university, "pastime": pastime, "wish": wish, "topics": topics, "links": links}
    return Profile(
        {key: text for key, text in texts.items() if text},
        {key.removesuffix("_"): choice for key, choice in audiences.items()},
    )


_WITH_STAFF: Choice = ("cohort", "employees")
_TO_COHORT: Choice = ("cohort", "nobody")
_TO_GROUP: Choice = ("group", "nobody")
_TO_MYSELF: Choice = ("nobody", "nobody")

PROFILES: Mapping[str, Profile] = {
    # Shows nearly everything, so that there is something to see.
    "haruka": _profile(
        university="みずうみ大学 工学部",
        pastime="朝のラジオ体操。研究室のみんなでやったら意外と続いています",
        wish="諏訪湖を自転車で一周。卒論が終わったらすぐ行きます",
        topics="パン屋めぐり、自転車、引っ越しの準備。どれでも話しかけてください",
        links="https://photos.example/haruka-lake",
        legal_name=("cohort", "mentor"),
        university_=("cohort", "mentor"),
        pastime_=("all", "employees"),
        wish_=("all", "employees"),
        topics_=("all", "employees"),
        links_=_TO_GROUP,
    ),
    # Wrote a few lines, and shows them to nobody.
    "sora": _profile(
        university="北斗大学 文学部",
        pastime="夜の散歩とラジオ",
        wish="積んである本を読む",
        topics="ラジオの話",
        legal_name=("nobody", "hr"),
        pastime_=_TO_MYSELF,
        wish_=_TO_MYSELF,
        topics_=_TO_MYSELF,
    ),
    "kotone": _profile(
        pastime="ウクレレ。まだコード5つです", topics="音楽ならなんでも。弾けなくても聴くほうで"
    ),
    "yuto": _profile(
        pastime="サウナ後のオロポ",
        wish="運転免許！ 合宿か通いかで迷ってます",
        topics="免許、サウナ、部屋さがし",
    ),
    "minh": _profile(
        pastime="Making phở from scratch. My roommates are my taste testers",
        wish="Pass JLPT N1, and see snow falling for the first time in Suwa",
        topics="Food, board games, how to read Japanese contracts 😅 日本語でもだいじょうぶです",
        pastime_=_WITH_STAFF,
        topics_=_WITH_STAFF,
    ),
    "riko": _profile(pastime="推しの舞台の配信を見ること", topics="観劇、コスメ、朝起きる方法"),
    "haruto": _profile(wish="自転車で琵琶湖か諏訪湖のどっちかは回りたい", topics="自転車"),
    "nana": _profile(
        university="山手女子大学 家政学部",
        pastime="ぬか漬け",
        topics="料理。ひとり暮らしのごはん教えてください",
        university_=_TO_GROUP,
    ),
    "kaito": _profile(
        pastime="釣り（ワカサギ狙い）",
        wish="諏訪湖でワカサギ釣り",
        topics="釣り。道具は貸せます",
        topics_=_WITH_STAFF,
    ),
    "mio": _profile(pastime="編みもの。マフラーが長くなりすぎました"),
    "hina": _profile(
        pastime="韓国ドラマ",
        wish="友だちと卒業旅行。行き先は会議中",
        topics="おすすめの作品あったら教えてください",
    ),
    "sota": _profile(
        pastime="自作キーボード",
        topics="はんだ付け、キースイッチの音",
        pastime_=_TO_COHORT,
        topics_=_TO_COHORT,
    ),
    "daiki": _profile(wish="ひたすら寝る"),
    "tomo": _profile(
        pastime="古いラジカセの修理",
        topics="分解系の話。モーターの音が好きです",
        pastime_=_WITH_STAFF,
        topics_=_WITH_STAFF,
    ),
    "sakura": _profile(topics="はじめてのひとり暮らしなので、家電の選びかたを一緒に考えたいです"),
    "ryo": _profile(pastime="フットサル（月2くらい）", topics="サッカー、ラーメン"),
    "kenta": _profile(
        university="信濃川工業大学 機械工学科",
        pastime="3Dプリンターで小さい扇風機を作っています",
        topics="ものづくり全般",
        university_=_TO_COHORT,
        pastime_=_WITH_STAFF,
    ),
    "shiori": _profile(pastime="図書館のはしご", wish="本棚を買って、並べかたを一日考える"),
    "leo": _profile(
        pastime="DJの練習（家で小さい音で）",
        topics="音楽、スニーカー",
        links="https://mixes.example/leo-small-sound",
        links_=_TO_GROUP,
    ),
    "akari": _profile(
        wish="簿記3級。勉強なかまがいたらうれしいです", topics="資格よりは、おやつの話のほうが得意です"
    ),
    "momoka": _profile(pastime="銭湯スタンプラリー 14/30", topics="銭湯", pastime_=_TO_COHORT),
    "shun": _profile(topics="特にないですが、話しかけられるのはうれしいほうです"),
    "rio": _profile(
        pastime="ホットサンド",
        wish="キャンプで星を見る",
        topics="キャンプ初心者です。道具なに買えばいいですか",
    ),
    "yuma": _profile(pastime="ボードゲーム", topics="4人そろったらやりましょう", topics_=_TO_COHORT),
    "chinatsu": _profile(wish="畑を借りて大根を育てる。できたら配ります"),
    "itsuki": _profile(
        pastime="山登り。八ヶ岳は赤岳だけ行きました",
        topics="山、カメラ",
        pastime_=_WITH_STAFF,
        topics_=_WITH_STAFF,
    ),
    "kanon": _profile(pastime="カフェで席を選ぶこと", topics="写真、喫茶店のプリン"),
    "ayaka": _profile(
        university="東雲大学 経済学部",
        pastime="ランニング。目標は完走だけ",
        wish="諏訪湖マラソンを見に行く（走るのは来年）",
        university_=_TO_COHORT,
    ),
    "misaki": _profile(wish="犬と海に行く", topics="犬。写真を見せてください"),
    "tamaki": _profile(pastime="落語", topics="落語、漫才、深夜ラジオ"),
    "priya": _profile(
        pastime="Crochet and cricket, in that order",
        wish="Learn to ski before my first winter in Nagano",
        topics="Spices, skiing lessons, anything in easy Japanese",
        wish_=_WITH_STAFF,
    ),
    "koharu": _profile(pastime="こけ。小さいびんで育てています", topics="植物"),
    "ryusei": _profile(pastime="将棋アプリ", topics="将棋。弱いのでやさしくお願いします"),
    "asuka": _profile(
        pastime="フィルムカメラ",
        wish="海外ひとり旅",
        links="https://photos.example/asuka-film",
        links_=_TO_GROUP,
        wish_=_TO_COHORT,
    ),
    "noa": _profile(topics="ゲーム（のんびりするやつ）"),
    "hikari": _profile(
        pastime="天体観測", topics="星の話。質問されるのが好きです", pastime_=_TO_COHORT, topics_=_TO_COHORT
    ),
}
