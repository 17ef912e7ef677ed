"""What is said in the demo's rooms. Pure data, as in texts.py; rooms_demo.py says it.

Nobody writes what should not be asked of candidates (product.md), compares, or hands out a private contact.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One message: `at` is '11-02 19:05' in 2026.

    `to` is the line of the same room it answers, counted back (1: the one before). `signs` are who: which. `becomes` is
    what its author makes of it a minute later; one that `is_taken_back` leaves its trace only; `pinned_by` puts it
    above the room.
    """

    author: str
    at: str
    body: str = ""
    stamp: str = ""
    to: int = 0
    signs: tuple[tuple[str, str], ...] = ()
    becomes: str = ""
    is_taken_back: bool = False
    pinned_by: str = ""


@dataclass(frozen=True)
class Place:
    """A room of HR. `comes` are those who join by themselves, where it is open."""

    author: str
    name: str
    description: str
    icon: str
    opened_at: str
    audience: tuple[str, ...]
    said: tuple[Said, ...]
    is_open: bool = False
    is_announcement: bool = False
    comes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Small:
    """A room a candidate opened."""

    owner: str
    name: str
    icon: str
    opened_at: str
    people: tuple[str, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Pair:
    """A talk of two, begun by the author of its first line. It waits where the other one has not answered."""

    people: tuple[str, str]
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Office:
    """A candidate's 人事への連絡; with a `wish`, the line of a 話したい that is open."""

    candidate: str
    opened_at: str
    said: tuple[Said, ...] = ()
    wish: str | None = None


# fmt: off
WAKABA: tuple[Said, ...] = (
    Said("haruka", "06-01 12:10", stamp="hello"),
    Said("haruka", "06-01 12:11", "はるかです。同じ班のみなさん、よろしくお願いします🌱", signs=(("kotone", "agree"), ("yuto", "agree"), ("aoi", "thanks"))),
    Said("kotone", "06-01 12:31", "ことねです！よろしくお願いします。最初に書いてくれてありがとう、助かりました", signs=(("haruka", "laugh"),)),
    Said("yuto", "06-01 18:02", "ゆうとです。よろしくお願いします"),
    Said("minh", "06-01 20:15", "Minhです。ミンと呼んでください。日本語、ときどき間違えますが、よろしくお願いします", signs=(("haruka", "cheer"), ("kotone", "cheer"), ("aoi", "cheer"))),
    Said("aoi", "06-01 21:40", "あおいです。読むほうが多いかもしれませんが、仲良くしてもらえるとうれしいです"),
    Said("sora", "06-02 08:20", stamp="hello", signs=(("haruka", "thanks"), ("minh", "thanks"))),
    Said("kotone", "06-03 19:30", "お題のカード、「最近はまっていること」だそうです。わたしはパン屋さん巡りです🥐"),
    Said("yuto", "06-03 19:45", "自転車です。休みの日に、湖のまわりを一周したりしています", signs=(("minh", "helpful"),)),
    Said("haruka", "06-03 20:02", "ベランダでミニトマトを育てはじめました。もう花が咲いてます", signs=(("kotone", "helpful"), ("sora", "agree"))),
    Said("minh", "06-03 20:30", "フォーを自分で作ること。スープに6時間かかります", to=1, signs=(("haruka", "laugh"), ("yuto", "laugh"), ("aoi", "laugh"))),
    Said("aoi", "06-03 21:10", "6時間！ すごい"),
    Said("minh", "06-03 21:14", "待っている間に、論文を読んでいます", signs=(("kotone", "laugh"), ("haruka", "agree"))),
    Said("sora", "06-04 07:50", "編み物です。夏なのに"),
    Said("kotone", "06-04 08:05", "夏の編み物、いいですね。できたら見てみたいです", to=1),
    Said("yuto", "06-18 22:01", "みんな、卒業研究ってもう始まってますか？うちは来週が中間の発表です"),
    Said("haruka", "06-18 22:10", "うちは7月です。実験の装置が順番待ちで、まだ半分くらい", signs=(("yuto", "agree"),)),
    Said("aoi", "06-18 22:30", "わたしはアンケートの集計をしているところです。数字がぜんぶ同じに見えてきました"),
    Said("yuto", "06-18 22:33", "休んで…！", to=1, signs=(("aoi", "laugh"), ("kotone", "laugh"))),
    Said("minh", "06-19 09:02", "発表、がんばってください。応援しています📣", signs=(("yuto", "thanks"),)),
    Said("yuto", "06-26 18:40", "終わりました。質問は3つでした。助かった…", signs=(("haruka", "congrats"), ("kotone", "congrats"), ("minh", "congrats"), ("aoi", "congrats"))),
    Said("haruka", "06-26 18:52", stamp="well_done"),
    Said("kotone", "07-14 12:20", "8月の工場見学、行く人いますか？ひとりだと駅からの道がちょっと不安で"),
    Said("haruka", "07-14 12:26", "行きます！ 12:50のバスに乗るつもりです", signs=(("kotone", "thanks"),)),
    Said("minh", "07-14 12:40", stamp="join"),
    Said("aoi", "07-14 13:15", "わたしは実習と重なっていて行けないです。感想を楽しみにしています"),
    Said("sora", "07-14 17:30", stamp="thinking"),
    Said("kotone", "07-14 17:42", "まだ先なので、ぎりぎりで決めても大丈夫みたいですよ", to=1, signs=(("sora", "thanks"),)),
    Said("haruka", "08-06 17:35", "見学おつかれさまでした。羽根が回りはじめるときの音、忘れられないです", signs=(("kotone", "agree"), ("minh", "agree"))),
    Said("minh", "08-06 17:50", "風洞の部屋が大きくてびっくりしました。髪がぜんぶ後ろに行きました", signs=(("haruka", "laugh"), ("kotone", "laugh"), ("aoi", "laugh"))),
    Said("kotone", "08-06 18:10", "浜さんの説明が分かりやすかったです。「図面の線は、現場では音になる」って"),
    Said("aoi", "08-06 20:30", "いい言葉…。メモしました", to=1),
    Said("yuto", "08-06 21:00", "うわー、行けばよかった。秋にもあるなら行きたいです"),
    Said("sora", "08-07 07:45", "読んでいるだけで行った気持ちになりました。ありがとうございます", signs=(("haruka", "thanks"), ("kotone", "thanks"))),
    Said("haruka", "09-10 12:15", "内定式の案内が届きましたね。オンラインでもいいみたいです"),
    Said("minh", "09-10 12:40", "「落ち着いた服」とは、どのくらいですか？"),
    Said("haruka", "09-10 12:58", "わたしも迷って、人事への連絡で聞いてみました。えり付きのシャツならまったく問題ないそうです。スーツの人も私服の人もいるって", to=1, signs=(("minh", "thanks"), ("aoi", "helpful"), ("sora", "helpful"))),
    Said("minh", "09-10 13:05", stamp="thanks"),
    Said("aoi", "09-24 21:20", "内定式、わたしはオンラインにします。会場の様子、あとで教えてください"),
    Said("yuto", "09-24 21:25", "了解です、写真OKの時間があれば撮ってきます"),
    Said("kotone", "10-01 18:20", "内定式おつかれさまでした。みんなに会えてうれしかったです！", signs=(("haruka", "agree"), ("yuto", "agree"), ("minh", "agree"))),
    Said("haruka", "10-01 18:31", stamp="well_done"),
    Said("yuto", "10-01 18:45", "名札の「若葉」で見つけてもらえたの、うれしかったです", signs=(("kotone", "laugh"),)),
    Said("aoi", "10-01 19:10", "オンラインからも、手を振ってくれたのが見えました👋", signs=(("haruka", "laugh"), ("kotone", "laugh"), ("minh", "laugh"))),
    Said("sora", "10-01 20:05", "直接お話しできて、少しほっとしました"),
    Said("haruka", "10-01 20:12", "わたしもです。帰りのバスまで一緒で助かりました", to=1, signs=(("sora", "agree"),)),
    Said("minh", "10-16 19:00", "質問です。名刺の読み方は「めいし」で、渡すときは両手ですか？"),
    Said("kotone", "10-16 19:12", "そうです、両手です。でも入社してから練習の時間があるって、座談会で聞きましたよ", to=1, signs=(("minh", "thanks"),)),
    Said("yuto", "10-16 19:20", "座談会で聞いた話、ひろばにまとめてくれている人がいました。「先輩に聞く」のところ", becomes="座談会で聞いた話、ひろばにまとめてくれている人がいました。「先輩社員に聞く」のところです"),
    Said("haruka", "10-28 21:05", "ミニトマト、ついに終わりました。秋までありがとう…", signs=(("kotone", "thanks"), ("aoi", "thanks"), ("sora", "thanks"))),
    Said("sora", "10-28 21:30", "マフラーは2本目に入りました", signs=(("haruka", "congrats"), ("kotone", "congrats"))),
    Said("kotone", "10-28 21:33", "季節が追いついてきましたね", to=1, signs=(("sora", "laugh"), ("haruka", "laugh"))),
    Said("kotone", "11-02 12:10", "13日の見学会、今回はみんなどうしますか？任意なので、むりのない範囲で", pinned_by="kotone", signs=(("haruka", "thanks"),)),
    Said("yuto", "11-02 12:30", stamp="join"),
    Said("haruka", "11-02 12:41", "行きます。12:50のバスの前に、駅の待合室にいますね", signs=(("yuto", "thanks"), ("kotone", "thanks"))),
    Said("aoi", "11-02 18:05", "今回は行けそうです！ 楽しみ"),
    Said("minh", "11-02 19:20", "ゼミと重なりました。残念。次は行きます"),
    Said("sora", "11-03 08:10", "わたしは今回はお休みします。感想、また読ませてください", signs=(("kotone", "agree"),)),
    Said("yuto", "11-13 12:35", "駅つきました", is_taken_back=True),
    Said("haruka", "11-13 12:36", "待合室の自販機の前にいます。緑のマフラーです"),
    Said("aoi", "11-13 12:38", stamp="understood"),
    Said("aoi", "11-13 18:12", "楽しかったです。組み立ての体験で、ネジの向きを3回まちがえました", signs=(("haruka", "laugh"), ("yuto", "laugh"), ("kotone", "laugh"))),
    Said("haruka", "11-13 18:20", "宮坂さんが「みんな最初はそう」って笑ってました", to=1, signs=(("aoi", "thanks"), ("kotone", "agree"))),
    Said("sora", "11-13 20:40", "読みました。音の話、もっと聞きたいです", signs=(("haruka", "agree"),)),
    Said("kotone", "11-18 12:25", "書類の案内、来ましたね。卒業見込証明書は学校の窓口でもらえました。3日かかったので、早めが安心かも", signs=(("haruka", "helpful"), ("minh", "helpful"), ("aoi", "helpful"))),
    Said("minh", "11-18 19:30", "通勤経路の届けは、空欄でも大丈夫と書いてありました。安心しました"),
    Said("yuto", "11-19 21:10", "年内に一度、オンラインで集まって話しませんか？30分くらい、顔出しなしでもOKで"),
    Said("kotone", "11-19 21:22", stamp="join"),
    Said("aoi", "11-20 08:15", "いいですね。夜なら参加できそうです"),
    Said("sora", "11-20 12:40", "声だけでもよければ、わたしも", signs=(("kotone", "thanks"),)),
)

# Other 班: shorter talks, each with its own tone.
GROUPS: dict[str, tuple[Said, ...]] = {
    "wakaba": WAKABA,
    "asagiri": (
        Said("riko", "06-02 19:00", "りこです。よろしくお願いします！", signs=(("nana", "thanks"), ("mio", "thanks"))),
        Said("haruto", "06-02 19:20", stamp="hello"),
        Said("nana", "06-02 20:11", "ななです。コーヒーを淹れるのが好きです。よろしくお願いします"),
        Said("kaito", "06-02 21:00", "かいです。よろしく！"),
        Said("mio", "06-03 09:10", "みおです。朝型なので、夜は返事が遅いです🌅", signs=(("riko", "agree"),)),
        Said("tsubasa", "06-04 22:30", stamp="hello"),
        Said("kaito", "08-20 20:15", "夏休み、みんな何してますか？ぼくは大学のプールの監視員です"),
        Said("nana", "08-20 20:40", "コーヒーの飲みくらべをしています。浅煎りがおいしい季節", signs=(("riko", "helpful"), ("kaito", "helpful"))),
        Said("riko", "10-02 12:00", "内定式、おつかれさまでした。来年もよろしくお願いします", signs=(("haruto", "agree"), ("mio", "agree"), ("nana", "agree"))),
        Said("haruto", "11-17 21:00", "11月なのに、もう手袋です"),
        Said("mio", "11-18 06:40", "朝の湖、霧がきれいでした。班の名前のとおりですね", to=1, signs=(("nana", "agree"), ("riko", "agree"))),
    ),
    "kodachi": (
        Said("sota", "06-02 12:30", "そうたです。よろしくお願いします", signs=(("hina", "thanks"),)),
        Said("hina", "06-02 12:45", stamp="hello"),
        Said("yuka", "06-02 18:20", "ゆうかです。入社までに、ひとりで遠くまで電車に乗ってみたいです"),
        Said("daiki", "06-02 19:00", "いいですね。ぼくはキャンプの道具を少しずつそろえてます⛺", to=1),
        Said("ai", "06-03 21:15", "あいです。お菓子づくりをよくします"),
        Said("tomo", "06-05 20:00", "トモです。よろしくです"),
        Said("daiki", "09-22 20:30", "連休にキャンプしてきました。火をおこすのに1時間かかりました", signs=(("yuka", "laugh"), ("sota", "laugh"), ("hina", "cheer"))),
        Said("yuka", "10-12 19:10", "電車旅、行ってきました。海まで4時間、駅弁ふたつ食べました", signs=(("daiki", "congrats"), ("ai", "congrats"))),
        Said("ai", "11-15 16:20", "スイートポテトを焼きました。画面ごしですみません🍠", signs=(("hina", "laugh"), ("tomo", "agree"))),
        Said("hina", "11-19 20:00", "来週の安全の動画、任意のやつ、見た人いますか？"),
        Said("sota", "11-19 20:25", "見ました。15分くらいで、ヘルメットのかぶり方が面白かったです", to=1, signs=(("hina", "thanks"),)),
    ),
    "hanano": (
        Said("sakura", "06-01 18:00", "さくらです。よろしくお願いします🌸", signs=(("mana", "thanks"), ("yuna", "thanks"))),
        Said("kenta", "06-01 19:30", "けんたです。名前の漢字がはしごだかです。よろしくお願いします"),
        Said("leo", "06-01 22:00", "LEOです。ドラムをやってます"),
        Said("shiori", "06-02 12:00", stamp="hello"),
        Said("mana", "06-02 20:10", "まなです。植物園の年間パスを持っています"),
        Said("ryo", "06-03 19:00", "りょうです。辛いものが好きです", signs=(("leo", "agree"),)),
        Said("leo", "10-30 21:00", "学園祭のライブ、無事おわりました。腕がぱんぱんです", signs=(("sakura", "congrats"), ("ryo", "congrats"), ("yuna", "congrats"))),
        Said("yuna", "11-16 19:45", "イチョウがきれいな季節ですね"),
        Said("mana", "11-16 20:02", "植物園、いまが見ごろです。どんぐりも拾い放題", to=1, signs=(("sakura", "laugh"), ("shiori", "helpful"))),
    ),
    "seiryu": (
        Said("akari", "06-02 20:00", "あかりです。みなさんよろしくお願いします"),
        Said("takuto", "06-02 20:20", stamp="hello"),
        Said("momoka", "06-02 21:00", "ももかです。写真を撮るのが好きです📷", signs=(("akari", "helpful"),)),
        Said("shun", "06-03 08:00", "S.H.です。よろしくお願いします"),
        Said("nozomi", "06-03 12:40", "のぞみです。よろしくお願いします"),
        Said("koki", "06-04 23:00", stamp="hello"),
        Said("momoka", "11-08 15:30", "紅葉を撮りに行ったら、望遠レンズを忘れました", signs=(("akari", "laugh"), ("takuto", "laugh"))),
        Said("koki", "11-08 17:10", "逆に、いい構図になりそう", to=1, signs=(("momoka", "thanks"),)),
        Said("nozomi", "11-18 21:05", "卒論の提出まであと少し。みなさんもむりせずで", signs=(("akari", "agree"), ("shun", "agree"), ("koki", "cheer"))),
    ),
    "yamabuki": (
        Said("rio", "06-02 18:30", stamp="hello"),
        Said("yuma", "06-02 19:00", "ゆーまです。ボードゲームが好きです。重いのも軽いのもやります"),
        Said("honoka", "06-02 19:40", "ほのです。わたしも好きです！ 協力するタイプのやつ", to=1, signs=(("yuma", "agree"),)),
        Said("hayate", "06-03 20:00", "はやてです。よろしくお願いします"),
        Said("chinatsu", "06-03 21:00", stamp="hello"),
        Said("masaki", "06-04 12:00", "まさです。よろしくお願いします"),
        Said("yuma", "11-14 20:30", "オンラインでできるボドゲ、土曜の夜にやってみませんか。途中参加も途中退出もOKです"),
        Said("rio", "11-14 20:45", stamp="join"),
        Said("chinatsu", "11-15 09:00", stamp="later"),
        Said("hayate", "11-16 19:00", "今回は見学だけでもいいですか", signs=(("yuma", "agree"), ("honoka", "agree"))),
    ),
    "hoshizora": (
        Said("itsuki", "06-02 22:00", "いつきです。星を見るのが好きなので、班の名前がうれしいです", signs=(("saya", "agree"), ("kanon", "agree"))),
        Said("saya", "06-02 22:10", stamp="hello"),
        Said("riku", "06-03 19:00", "りくです。よろしくお願いします"),
        Said("kanon", "06-03 20:00", "かのんです。合唱をやっています"),
        Said("ayaka", "06-04 12:00", "彩花です。よろしくお願いします"),
        Said("itsuki", "08-13 01:30", "流星群、3つ見えました。眠いです", signs=(("saya", "congrats"), ("riku", "laugh"))),
        Said("ayaka", "11-17 20:20", "空が澄んできましたね。オリオン座が分かるようになりました", signs=(("itsuki", "agree"),)),
    ),
    "aomugi": (
        Said("misaki", "06-02 12:00", "みさきです。よろしくお願いします"),
        Said("priya", "06-02 12:30", "Priyaです。日本語を勉強中です。英語でも話せます。Nice to meet you!", signs=(("misaki", "cheer"), ("emi", "cheer"), ("jin", "cheer"))),
        Said("emi", "06-02 13:00", "Hi Priya, happy to be in the same group! emiです", to=1, signs=(("priya", "thanks"),)),
        Said("yusei", "06-02 20:00", stamp="hello"),
        Said("tamaki", "06-03 19:00", "たまきです。よろしくお願いします"),
        Said("naoki", "06-03 21:00", "N.M.です。よろしくお願いします"),
        Said("jin", "06-04 20:00", "jinです。サイクリングが趣味です"),
        Said("priya", "11-10 19:00", "「お疲れさまです」は、朝でも使いますか？"),
        Said("misaki", "11-10 19:20", "使いますよ。会社では「おはようございます」のあとでも言うみたいです", to=1, signs=(("priya", "thanks"), ("tamaki", "helpful"))),
        Said("priya", "11-10 19:25", stamp="well_done"),
    ),
    "shirakaba": (
        Said("koharu", "06-02 19:00", "こはるです。よろしくお願いします", signs=(("maho", "thanks"),)),
        Said("kohei", "06-02 20:00", "こへと呼ばれています。ラーメンの食べ歩きが好きです"),
        Said("maho", "06-03 19:30", stamp="hello"),
        Said("asuka", "06-03 21:00", "asukaです。スケートをやっていました⛸"),
        Said("toma", "06-04 19:00", "とうまです。よろしくお願いします"),
        Said("ryusei", "06-05 08:00", "りゅうせいです"),
        Said("kohei", "11-11 12:40", "みそラーメンの季節がきました", signs=(("toma", "agree"), ("asuka", "laugh"), ("koharu", "agree"))),
        Said("asuka", "11-19 18:30", "湖のスケートの話、浜さんに聞いてみたいです。昔は凍った湖で滑ったとか"),
    ),
    "harukaze": (
        Said("miyu", "06-02 18:00", stamp="hello"),
        Said("noa", "06-02 19:00", "のあです。よろしくお願いします🍃", signs=(("miyu", "thanks"), ("kanae", "thanks"))),
        Said("shunsuke", "06-02 20:30", "しゅんです。よろしくお願いします"),
        Said("kanae", "06-03 19:00", "かなえです。陶芸をやっています。よく割ります", signs=(("noa", "laugh"), ("tatsuya", "laugh"))),
        Said("tatsuya", "06-03 22:00", "たつです。よろしくお願いします"),
        Said("wataru", "06-04 21:00", stamp="hello"),
        Said("kanae", "11-12 20:15", "今月は1つも割れませんでした！", signs=(("miyu", "congrats"), ("noa", "congrats"), ("wataru", "congrats"))),
    ),
}

PLACES: tuple[Place, ...] = (
    Place(
        author="jinji", name="内定式のお知らせ", icon="announce", opened_at="09-14 10:00",
        description="10月1日（木）の内定式について、当日までの変更やご案内をお届けします。質問は「人事への連絡」へどうぞ。",
        audience=("cohort:april", "hr"), is_announcement=True,
        said=(
            Said("jinji", "09-14 10:05", "内定式の当日まで、変更やご案内をここでお届けします。返信はいりません。質問は「人事への連絡」で、いつでもどうぞ。", signs=(("haruka", "thanks"), ("riko", "thanks"), ("sota", "thanks"), ("minh", "thanks"))),
            Said("jinji", "09-24 11:30", "オンラインで参加される方の入り口は、当日の朝9時にお知らせのページに載せます。カメラはオフのままで大丈夫です。", signs=(("aoi", "helpful"), ("yuka", "helpful"), ("kanon", "thanks"))),
            Said("lead", "09-30 15:00", "明日は雨の予報です。駅から会場まで、傘をさして歩いて6分ほどです。バスの遅れなどで間に合わないときも、あわてずにお越しください。途中から入れるようにしてあります。", pinned_by="lead", signs=(("haruka", "thanks"), ("kotone", "thanks"), ("nana", "helpful"), ("yuna", "thanks"), ("kohei", "thanks"))),
            Said("jinji", "10-01 17:30", "本日はありがとうございました。会場の方もオンラインの方も、おつかれさまでした。資料はお知らせのページからご覧いただけます。欠席された方も、同じものをご覧ください。", signs=(("haruka", "congrats"), ("sora", "thanks"), ("leo", "thanks"), ("misaki", "congrats"), ("rio", "thanks"), ("itsuki", "thanks"))),
        ),
    ),
    Place(
        author="jinji", name="入社までの勉強、何してる？", icon="helpful", opened_at="10-05 10:00",
        description="入社前の勉強は任意です。していなくても大丈夫。気になることを、先輩社員も交えてゆるく話す場所です。",
        audience=("cohort:april", "employees", "hr"), is_open=True,
        comes=(
            ("chihiro", "10-05 12:05"), ("haruka", "10-05 12:20"), ("sota", "10-05 12:40"), ("riko", "10-05 12:30"),
            ("nana", "10-05 19:00"), ("minh", "10-06 08:30"), ("hiroki", "10-05 12:15"), ("takumi", "10-06 12:30"),
            ("kotone", "10-06 12:00"), ("ren", "10-07 19:00"), ("mio", "10-07 07:00"), ("priya", "10-06 08:00"),
        ),
        said=(
            Said("jinji", "10-05 10:05", "「入社までに何か勉強したほうがいいですか」とよく聞かれるので、部屋を作りました。答えは「しなくても大丈夫」です。そのうえで、興味のある方の話し場所にしてください。人事も読んでいます。"),
            Said("sota", "10-05 12:45", "しなくて大丈夫、と聞いて少し安心しました。でもCADは気になってます"),
            Said("chihiro", "10-05 12:58", "開発部の有賀です。CADは入社後に3週間の研修があるので、ゼロからで大丈夫ですよ。わたしもゼロでした", to=1, signs=(("sota", "thanks"), ("haruka", "helpful"), ("riko", "helpful"))),
            Said("haruka", "10-05 19:12", "流体の教科書を読み直しています。授業のときより面白く感じるのがふしぎです", signs=(("riko", "agree"), ("nana", "agree"))),
            Said("nana", "10-05 19:20", "分かります。使う場面が見えると、読み方が変わりますよね", to=1),
            Said("minh", "10-06 08:40", "技術の日本語が知りたいです。「バリ」とか「遊び」とか、辞書と意味がちがう言葉です", signs=(("priya", "agree"),)),
            Said("hiroki", "10-06 12:20", "生産技術の藤森です。いい視点ですね。現場の言葉は、毎週金曜に少しずつ書いていきましょうか。まずは「バリ」＝加工したあとに残る薄い出っぱり。「遊び」＝部品どうしの、わざと作るすき間です", to=1, signs=(("minh", "thanks"), ("haruka", "helpful"), ("kotone", "helpful"), ("riko", "helpful")), pinned_by="jinji"),
            Said("ren", "10-07 19:10", "表計算の関数だけ、少しさわってます", signs=(("takumi", "agree"),)),
            Said("takumi", "10-07 20:00", "営業の岡本です。表計算、入社してから毎日使います。でも、覚えるより「調べ方を知っている」くらいで十分です", to=1, signs=(("ren", "thanks"), ("mio", "helpful"))),
            Said("hiroki", "10-16 17:30", "金曜のひとこと。「面取り」＝角をほんの少し落とすこと。手を切らないための、やさしさの工程です", signs=(("minh", "thanks"), ("haruka", "agree"), ("kotone", "agree"), ("priya", "thanks"))),
            Said("kotone", "10-16 19:40", "やさしさの工程、いいですね", to=1, signs=(("hiroki", "laugh"),)),
            Said("mio", "10-24 07:10", "朝に15分だけ英語の動画を見るのを続けています。15分だけ、がこつです"),
            Said("hiroki", "10-30 17:35", "金曜のひとこと。「なじみ」＝使っているうちに、部品どうしがちょうどよく合ってくること。人にも使います", signs=(("haruka", "agree"), ("minh", "helpful"), ("nana", "laugh"), ("riko", "agree"))),
            Said("priya", "11-05 19:30", "「段取り」という言葉が好きになりました。準備することも、しごとの一部だと思いました", signs=(("hiroki", "agree"), ("chihiro", "agree"), ("minh", "agree"))),
            Said("riko", "11-12 20:30", "卒業研究でいっぱいいっぱいで、勉強はお休み中です。それでもここを読むのは好きです", signs=(("jinji", "agree"), ("chihiro", "agree"), ("haruka", "agree"))),
            Said("chihiro", "11-13 12:30", "それで大丈夫です。研究のやり方は、そのまま開発のやり方になります", to=1, signs=(("riko", "thanks"), ("sota", "helpful"))),
            Said("hiroki", "11-20 17:30", "金曜のひとこと。「養生」＝傷がつかないように、先にやわらかく覆っておくこと。卒業前のみなさんも、どうぞ養生してください", signs=(("minh", "thanks"), ("nana", "thanks"))),
            Said("nana", "11-20 19:05", "ありがとうございます。温かいコーヒーで養生します", to=1),
        ),
    ),
)

SMALLS: tuple[Small, ...] = (
    Small(
        owner="kotone", name="見学会の帰り道", icon="chat", opened_at="11-13 17:40",
        people=("haruka", "yuto", "aoi", "nana", "sota"),
        said=(
            Said("kotone", "11-13 17:41", "帰りのバスで話していたメンバーで部屋を作りました。用が済んだら自由に抜けてください", signs=(("haruka", "thanks"), ("nana", "thanks"))),
            Said("nana", "11-13 17:50", "ありがとうございます！ 駅前のお店、「湖畔ベーカリー」でした。くるみパンがおすすめです", signs=(("kotone", "helpful"), ("aoi", "helpful"))),
            Said("sota", "11-13 18:30", "次の見学会があったら、帰りにみんなで寄りたいです"),
            Said("haruka", "11-13 19:02", stamp="join"),
            Said("yuto", "11-14 10:00", "くるみパン、もう食べました。早起きして", signs=(("nana", "laugh"), ("haruka", "laugh"), ("kotone", "laugh"))),
            Said("aoi", "11-19 12:15", "年内にもう一度、湖のほうへ行く人いますか？イルミネーションが12月からだそうです"),
            Said("nana", "11-19 12:40", "行きたいです。寒いので、あたたかい飲み物係をします", to=1, signs=(("aoi", "thanks"),)),
        ),
    ),
    Small(
        owner="leo", name="音の好きな人", icon="sprout", opened_at="09-02 20:00",
        people=("kanon", "itsuki", "ren", "momoka"),
        said=(
            Said("leo", "09-02 20:01", "楽器でも歌でも聴くだけでも。ゆるくどうぞ"),
            Said("kanon", "09-02 20:30", "合唱です。アルトです", signs=(("leo", "thanks"),)),
            Said("ren", "09-03 19:15", "聴く専門です。ライブの音響を見るのが好きで"),
            Said("leo", "09-03 19:40", "音響！ それで送風機の会社なのが、なんか分かる気がします", to=1, signs=(("ren", "laugh"), ("kanon", "agree"))),
            Said("itsuki", "11-10 21:00", "冬の星を見ながら聴く曲、募集中です"),
        ),
    ),
)

PAIRS: tuple[Pair, ...] = (
    Pair(("haruka", "takumi"), (
        Said("haruka", "07-22 19:10", "岡本さん、メンターをしてくださると聞きました。水野です。よろしくお願いします"),
        Said("takumi", "07-23 12:15", "岡本です。こちらこそよろしくお願いします。質問でも雑談でも、思いついたときに書いてください。返事は平日の昼が多いです", signs=(("haruka", "thanks"),)),
        Said("haruka", "08-26 20:05", "見学のとき、営業の方も現場をよく歩かれていると聞きました。どんなときに行くのですか"),
        Said("takumi", "08-27 12:20", "お客さまの質問にその場で答えられなかったときです。図面を持って現場に行くと、だいたい浜さんが教えてくれます", to=1, signs=(("haruka", "helpful"),)),
        Said("haruka", "08-27 19:30", "浜さん、すごい方なんですね…"),
        Said("takumi", "08-28 12:10", "羽根の音だけで、ベアリングの調子が分かるそうです。わたしはまだ分かりません", signs=(("haruka", "laugh"),)),
        Said("haruka", "10-01 21:00", "内定式で声をかけてくださって、ありがとうございました。緊張がほどけました"),
        Said("takumi", "10-02 12:05", stamp="well_done"),
        Said("haruka", "11-16 20:40", "入社までに、これはやっておいてよかった、ということはありますか"),
        Said("takumi", "11-17 12:30", "友だちとよく遊んだことです。冗談ではなくて、入社してから「あのときの話を聞いてもらう相手」になりました。勉強は入ってからで間に合います", to=1, signs=(("haruka", "thanks"),)),
    )),
    Pair(("kotone", "haruka"), (
        Said("kotone", "06-20 21:00", "はるかさん、班で最初に話してくれてありがとうございました。個別にお礼を言いたくて"),
        Said("haruka", "06-20 21:15", "わあ、うれしいです。実は送信を押すまで10分悩みました", signs=(("kotone", "laugh"),)),
        Said("kotone", "06-20 21:20", "見えないけど同じでした。今度、パン屋さん情報を送りますね"),
        Said("haruka", "06-20 21:22", "楽しみにしてます🥐"),
        Said("kotone", "11-14 20:30", "きのうの見学会、はるかさんがいてくれて心強かったです"),
        Said("haruka", "11-14 21:00", "こちらこそ。帰り道の部屋、作ってくれてありがとう", to=1, signs=(("kotone", "agree"),)),
    )),
    Pair(("nana", "haruka"), (
        Said("nana", "11-19 20:10", "はるかさん、突然すみません。勉強の部屋で流体の教科書の話をされていたのを見て、どの章から読み直したか聞いてみたくて。お時間のあるときで大丈夫です"),
    )),
    Pair(("sora", "takumi"), (
        Said("takumi", "07-24 12:20", "メンターの岡本です。そらさん、はじめまして。返事はいつでも、なくても大丈夫です。困ったときの番号札だと思ってください"),
        Said("sora", "07-25 08:00", "ありがとうございます。読んで安心しました", signs=(("takumi", "agree"),)),
    )),
    Pair(("jinji", "lead"), (
        Said("jinji", "11-18 16:10", "見学会の感想、班のみなさんがひろばに書いてくださっています。宮坂さんと浜さんに、お礼を伝えておきますね"),
        Said("lead", "11-18 16:30", "お願いします。年末年始の当番表は、来週の打ち合わせで決めましょう", to=1, signs=(("jinji", "agree"),)),
    )),
)

OFFICES: tuple[Office, ...] = (
    Office("haruka", "09-10 12:20", said=(
        Said("haruka", "09-10 12:22", "内定式の服装について教えてください。「ふだんの落ち着いた服」というのは、えり付きのシャツでも大丈夫でしょうか"),
        Said("jinji", "09-10 12:50", "佐藤です。えり付きのシャツで、まったく問題ありません。スーツの方も私服の方もいらっしゃいますので、動きやすい服でお越しください", to=1, signs=(("haruka", "thanks"),)),
        Said("haruka", "09-10 12:54", stamp="thanks"),
        Said("haruka", "10-20 19:30", "卒業研究の発表が2月24日に決まりました。2月の座談会と重なるかもしれないのですが、どうしたらよいでしょうか"),
        Said("jinji", "10-21 09:20", "研究を優先してください。座談会は任意で、欠席しても何も変わりません。あとで様子をお読みいただけるようにしますね", to=1, signs=(("haruka", "thanks"),)),
        Said("haruka", "11-17 19:05", "卒業見込証明書の発行に、学校で1週間かかるそうです。12月11日に間に合わないときは、こちらでお知らせすればよいですか"),
        Said("jinji", "11-18 09:15", "はい、ここにひとこといただければ大丈夫です。遅れても困ることはありませんので、ご安心ください", to=1, signs=(("haruka", "thanks"),)),
    )),
    Office("tsubasa", "11-19 17:40", said=(
        Said("tsubasa", "11-19 17:42", "入社承諾書の封筒がまだ届いていません。届く時期を教えていただけますか"),
    )),
    Office("minh", "10-26 18:00", said=(
        Said("minh", "10-26 18:05", "会社の説明の紙に、ふりがなが付いたものはありますか"),
        Said("lead", "10-27 10:10", "田中です。あります。お知らせの「やさしい日本語」を選ぶと表示されます。紙のほうも、ふりがな付きを準備しますね", to=1, signs=(("minh", "thanks"),)),
    )),
    Office("shiori", "11-20 15:10", wish="配属の希望の伝え方について、少しお話しできるとうれしいです"),
)
# fmt: on

# The rooms はるか has not yet read to the end: what was said there after this moment is new to her.
HARUKA_READ_UNTIL = "11-19 21:00"
