"""The people of the demo community: an invented company, its cohorts, groups and everybody by name.

Pure data. The company and every person are made up. Whoever signs in to the demo uses the mail address here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Cohort:
    """Candidates who join at the same time; `name` is what everybody sees, `office_note` is for HR's lists only."""

    key: str
    name: str
    starts_on: date
    is_minor_profile: bool
    office_note: str = ""


@dataclass(frozen=True)
class Group:
    """A 班 of five to seven within one cohort."""

    key: str
    name: str
    cohort: str


@dataclass(frozen=True)
class Person:
    """One member.

    `roles` are 'candidate', 'employee', 'hr', 'lead', 'moderator', 'desk', 'auditor' or 'administrator'; `cohort`
    and `group` are keys; `years` is 年目 as of 2026; `bud` is the drawn つぼみ, 1 to 48; `language` is 'ja' or 'en'.
    """

    key: str
    mail: str
    legal_name: str
    kana: str
    display_name: str
    roles: tuple[str, ...]
    cohort: str | None = None
    group: str | None = None
    department: str | None = None
    years: int | None = None
    bud: int = 1
    language: str = "ja"


# Makes fans and ventilation units for schools, factories and tunnels; about 1,400 people; Suwa, Nagano.
COMPANY_NAME = "株式会社凪沢製作所"
COMPANY_NAME_EN = "Nagisawa Works, Ltd."

COHORTS: tuple[Cohort, ...] = (
    Cohort("april", "2027年4月入社", date(2027, 4, 1), is_minor_profile=False),
    Cohort("october", "2027年10月入社", date(2027, 10, 1), is_minor_profile=False),
    Cohort("april_minor", "2027年4月入社", date(2027, 4, 1), is_minor_profile=True, office_note="高卒"),
)

GROUPS: tuple[Group, ...] = (
    Group("wakaba", "若葉", "april"),
    Group("asagiri", "朝霧", "april"),
    Group("kodachi", "木立", "april"),
    Group("hanano", "花野", "april"),
    Group("seiryu", "清流", "april"),
    Group("yamabuki", "山吹", "april"),
    Group("hoshizora", "星空", "april"),
    Group("aomugi", "青麦", "april"),
    Group("shirakaba", "白樺", "april"),
    Group("harukaze", "春風", "april"),
)


# 2027年4月入社: most of them in a 班; Ren, Hikari, Yohei and Sumire asked to be left out of one.
# fmt: off
_APRIL: tuple[Person, ...] = (
    Person("haruka", "haruka@example.jp", "水野 遥", "ミズノ ハルカ", "はるか", ("candidate",), cohort="april", group="wakaba", bud=20),
    Person("sora", "sora@example.jp", "高瀬 空", "タカセ ソラ", "そら", ("candidate",), cohort="april", group="wakaba", bud=39),
    Person("kotone", "kotone@example.jp", "小川 琴音", "オガワ コトネ", "ことね", ("candidate",), cohort="april", group="wakaba", bud=10),
    Person("yuto", "yuto@example.jp", "中島 悠斗", "ナカジマ ユウト", "ゆうと", ("candidate",), cohort="april", group="wakaba", bud=29),
    Person("minh", "minh@example.jp", "NGUYEN MINH ANH", "グエン ミン アン", "Minh", ("candidate",), cohort="april", group="wakaba", bud=48, language="en"),
    Person("aoi", "aoi@example.jp", "石田 葵", "イシダ アオイ", "あおい", ("candidate",), cohort="april", group="wakaba", bud=19),
    Person("riko", "riko@example.jp", "松本 莉子", "マツモト リコ", "りこ", ("candidate",), cohort="april", group="asagiri", bud=38),
    Person("haruto", "haruto@example.jp", "山口 陽翔", "ヤマグチ ハルト", "はると", ("candidate",), cohort="april", group="asagiri", bud=9),
    Person("nana", "nana@example.jp", "木下 菜々", "キノシタ ナナ", "なな", ("candidate",), cohort="april", group="asagiri", bud=28),
    Person("kaito", "kaito@example.jp", "久保田 海斗", "クボタ カイト", "かい", ("candidate",), cohort="april", group="asagiri", bud=47),
    Person("mio", "mio@example.jp", "野口 美桜", "ノグチ ミオ", "みお", ("candidate",), cohort="april", group="asagiri", bud=18),
    Person("tsubasa", "tsubasa@example.jp", "前田 翼", "マエダ ツバサ", "つばさ", ("candidate",), cohort="april", group="asagiri", bud=37),
    Person("hina", "hina@example.jp", "斎藤 陽菜", "サイトウ ヒナ", "ひな", ("candidate",), cohort="april", group="kodachi", bud=8),
    Person("sota", "sota@example.jp", "橋本 颯太", "ハシモト ソウタ", "そうた", ("candidate",), cohort="april", group="kodachi", bud=27),
    Person("yuka", "yuka@example.jp", "大野 優花", "オオノ ユウカ", "ゆうか", ("candidate",), cohort="april", group="kodachi", bud=46),
    Person("daiki", "daiki@example.jp", "村上 大輝", "ムラカミ ダイキ", "だいき", ("candidate",), cohort="april", group="kodachi", bud=17),
    Person("ai", "ai@example.jp", "菊地 愛", "キクチ アイ", "あい", ("candidate",), cohort="april", group="kodachi", bud=36),
    Person("tomo", "tomo@example.jp", "新井 智弥", "アライ トモヤ", "トモ", ("candidate",), cohort="april", group="kodachi", bud=7),
    Person("sakura", "sakura@example.jp", "岩崎 咲良", "イワサキ サクラ", "さくら", ("candidate",), cohort="april", group="hanano", bud=26),
    Person("ryo", "ryo@example.jp", "今井 涼", "イマイ リョウ", "りょう", ("candidate",), cohort="april", group="hanano", bud=45),
    Person("mana", "mana@example.jp", "河野 愛菜", "コウノ マナ", "まな", ("candidate",), cohort="april", group="hanano", bud=16),
    Person("kenta", "kenta@example.jp", "髙木 健太", "タカギ ケンタ", "けんた", ("candidate",), cohort="april", group="hanano", bud=35),
    Person("shiori", "shiori@example.jp", "安藤 栞", "アンドウ シオリ", "しおり", ("candidate",), cohort="april", group="hanano", bud=6),
    Person("leo", "leo@example.jp", "内田 怜央", "ウチダ レオ", "LEO", ("candidate",), cohort="april", group="hanano", bud=25),
    Person("yuna", "yuna@example.jp", "谷口 結菜", "タニグチ ユウナ", "ゆうな", ("candidate",), cohort="april", group="hanano", bud=44),
    Person("akari", "akari@example.jp", "工藤 明里", "クドウ アカリ", "あかり", ("candidate",), cohort="april", group="seiryu", bud=15),
    Person("takuto", "takuto@example.jp", "酒井 拓都", "サカイ タクト", "たくと", ("candidate",), cohort="april", group="seiryu", bud=34),
    Person("momoka", "momoka@example.jp", "横山 桃花", "ヨコヤマ モモカ", "ももか", ("candidate",), cohort="april", group="seiryu", bud=5),
    Person("shun", "shun@example.jp", "原 駿", "ハラ シュン", "S.H.", ("candidate",), cohort="april", group="seiryu", bud=24),
    Person("nozomi", "nozomi@example.jp", "宮本 希", "ミヤモト ノゾミ", "のぞみ", ("candidate",), cohort="april", group="seiryu", bud=43),
    Person("koki", "koki@example.jp", "千葉 光希", "チバ コウキ", "コウキ", ("candidate",), cohort="april", group="seiryu", bud=14),
    Person("rio", "rio@example.jp", "松田 莉央", "マツダ リオ", "りお", ("candidate",), cohort="april", group="yamabuki", bud=33),
    Person("yuma", "yuma@example.jp", "中川 佑真", "ナカガワ ユウマ", "ゆーま", ("candidate",), cohort="april", group="yamabuki", bud=4),
    Person("honoka", "honoka@example.jp", "小野 穂香", "オノ ホノカ", "ほの", ("candidate",), cohort="april", group="yamabuki", bud=23),
    Person("hayate", "hayate@example.jp", "田村 颯", "タムラ ハヤテ", "はやて", ("candidate",), cohort="april", group="yamabuki", bud=42),
    Person("chinatsu", "chinatsu@example.jp", "和田 千夏", "ワダ チナツ", "ちなつ", ("candidate",), cohort="april", group="yamabuki", bud=13),
    Person("masaki", "masaki@example.jp", "森田 将希", "モリタ マサキ", "まさ", ("candidate",), cohort="april", group="yamabuki", bud=32),
    Person("itsuki", "itsuki@example.jp", "上田 樹", "ウエダ イツキ", "いつき", ("candidate",), cohort="april", group="hoshizora", bud=3),
    Person("saya", "saya@example.jp", "原口 紗夜", "ハラグチ サヤ", "さや", ("candidate",), cohort="april", group="hoshizora", bud=22),
    Person("riku", "riku@example.jp", "柴崎 陸", "シバサキ リク", "りく", ("candidate",), cohort="april", group="hoshizora", bud=41),
    Person("kanon", "kanon@example.jp", "大塚 花音", "オオツカ カノン", "かのん", ("candidate",), cohort="april", group="hoshizora", bud=12),
    Person("ayaka", "ayaka@example.jp", "石井 彩花", "イシイ アヤカ", "彩花", ("candidate",), cohort="april", group="hoshizora", bud=31),
    Person("misaki", "misaki@example.jp", "菅原 美咲", "スガワラ ミサキ", "みさき", ("candidate",), cohort="april", group="aomugi", bud=2),
    Person("yusei", "yusei@example.jp", "平野 悠生", "ヒラノ ユウセイ", "ゆうせい", ("candidate",), cohort="april", group="aomugi", bud=21),
    Person("tamaki", "tamaki@example.jp", "武田 環", "タケダ タマキ", "たまき", ("candidate",), cohort="april", group="aomugi", bud=40),
    Person("naoki", "naoki@example.jp", "増田 直樹", "マスダ ナオキ", "N.M.", ("candidate",), cohort="april", group="aomugi", bud=11),
    Person("emi", "emi@example.jp", "杉山 絵美", "スギヤマ エミ", "emi", ("candidate",), cohort="april", group="aomugi", bud=30),
    Person("priya", "priya@example.jp", "SHARMA PRIYA", "シャルマ プリヤ", "Priya", ("candidate",), cohort="april", group="aomugi", bud=1, language="en"),
    Person("jin", "jin@example.jp", "五十嵐 仁", "イガラシ ジン", "jin", ("candidate",), cohort="april", group="aomugi", bud=20),
    Person("koharu", "koharu@example.jp", "丸尾 小春", "マルオ コハル", "こはる", ("candidate",), cohort="april", group="shirakaba", bud=39),
    Person("ryusei", "ryusei@example.jp", "望月 流星", "モチヅキ リュウセイ", "りゅうせい", ("candidate",), cohort="april", group="shirakaba", bud=10),
    Person("maho", "maho@example.jp", "小松 真帆", "コマツ マホ", "まほ", ("candidate",), cohort="april", group="shirakaba", bud=29),
    Person("kohei", "kohei@example.jp", "永井 康平", "ナガイ コウヘイ", "こへ", ("candidate",), cohort="april", group="shirakaba", bud=48),
    Person("asuka", "asuka@example.jp", "川口 明日香", "カワグチ アスカ", "asuka", ("candidate",), cohort="april", group="shirakaba", bud=19),
    Person("toma", "toma@example.jp", "片山 斗真", "カタヤマ トウマ", "とうま", ("candidate",), cohort="april", group="shirakaba", bud=38),
    Person("miyu", "miyu@example.jp", "星野 美結", "ホシノ ミユ", "みゆ", ("candidate",), cohort="april", group="harukaze", bud=9),
    Person("shunsuke", "shunsuke@example.jp", "大西 俊介", "オオニシ シュンスケ", "しゅん", ("candidate",), cohort="april", group="harukaze", bud=28),
    Person("kanae", "kanae@example.jp", "荒木 佳苗", "アラキ カナエ", "かなえ", ("candidate",), cohort="april", group="harukaze", bud=47),
    Person("tatsuya", "tatsuya@example.jp", "関 達也", "セキ タツヤ", "たつ", ("candidate",), cohort="april", group="harukaze", bud=18),
    Person("noa", "noa@example.jp", "飯田 乃愛", "イイダ ノア", "のあ", ("candidate",), cohort="april", group="harukaze", bud=37),
    Person("wataru", "wataru@example.jp", "本田 渉", "ホンダ ワタル", "わたる", ("candidate",), cohort="april", group="harukaze", bud=8),
    Person("ren", "ren@example.jp", "榊 蓮", "サカキ レン", "れん", ("candidate",), cohort="april", bud=27),
    Person("hikari", "hikari@example.jp", "土屋 光", "ツチヤ ヒカリ", "ひかり", ("candidate",), cohort="april", bud=46),
    Person("yohei", "yohei@example.jp", "川村 洋平", "カワムラ ヨウヘイ", "ようへい", ("candidate",), cohort="april", bud=17),
    Person("sumire", "sumire@example.jp", "福井 すみれ", "フクイ スミレ", "すみれ", ("candidate",), cohort="april", bud=36),
)
# fmt: on

# 2027年10月入社: too few for a 班 of five.
# fmt: off
_OCTOBER: tuple[Person, ...] = (
    Person("yui", "yui@example.jp", "長谷川 結衣", "ハセガワ ユイ", "ゆい", ("candidate",), cohort="october", bud=7),
    Person("daniel", "daniel@example.jp", "KIM DANIEL", "キム ダニエル", "Daniel", ("candidate",), cohort="october", bud=26, language="en"),
    Person("eri", "eri@example.jp", "大橋 恵里", "オオハシ エリ", "えり", ("candidate",), cohort="october", bud=45),
    Person("tsukasa", "tsukasa@example.jp", "堀 司", "ホリ ツカサ", "つかさ", ("candidate",), cohort="october", bud=16),
)
# fmt: on

# 高卒: the schools let them be chosen from mid-September, so they arrive in late October.
# fmt: off
_APRIL_MINOR: tuple[Person, ...] = (
    Person("mei", "mei@example.jp", "小林 芽衣", "コバヤシ メイ", "めい", ("candidate",), cohort="april_minor", bud=35),
    Person("ichika", "ichika@example.jp", "三宅 一花", "ミヤケ イチカ", "いちか", ("candidate",), cohort="april_minor", bud=6),
    Person("hiroto", "hiroto@example.jp", "藤井 大翔", "フジイ ヒロト", "ひろと", ("candidate",), cohort="april_minor", bud=25),
)
# fmt: on

# Employees.
# fmt: off
_EMPLOYEES: tuple[Person, ...] = (
    Person("takumi", "takumi@example.jp", "岡本 匠", "オカモト タクミ", "岡本たくみ", ("employee",), department="営業部", years=5, bud=44),
    Person("naomi", "naomi@example.jp", "森下 直美", "モリシタ ナオミ", "森下なおみ", ("employee",), department="品質保証部", years=8, bud=15),
    Person("kazuya", "kazuya@example.jp", "小池 和也", "コイケ カズヤ", "小池かずや", ("employee",), department="開発部", years=12, bud=34),
    Person("chihiro", "chihiro@example.jp", "有賀 千尋", "アルガ チヒロ", "有賀ちひろ", ("employee",), department="開発部", years=3, bud=5),
    Person("shota", "shota@example.jp", "宮坂 翔太", "ミヤサカ ショウタ", "宮坂", ("employee",), department="製造部", years=6, bud=24),
    Person("etsuko", "etsuko@example.jp", "浜 悦子", "ハマ エツコ", "浜えつこ", ("employee",), department="製造部", years=21, bud=43),
    Person("hiroki", "hiroki@example.jp", "藤森 弘樹", "フジモリ ヒロキ", "藤森", ("employee",), department="生産技術部", years=9, bud=14),
    Person("rina", "rina@example.jp", "久保 里奈", "クボ リナ", "久保りな", ("employee",), department="購買部", years=4, bud=33),
    Person("daichi", "daichi@example.jp", "原田 大地", "ハラダ ダイチ", "原田だいち", ("employee",), department="営業部", years=2, bud=4),
    Person("mari", "mari@example.jp", "平林 真理", "ヒラバヤシ マリ", "平林まり", ("employee",), department="経理部", years=15, bud=23),
    Person("satoshi", "satoshi@example.jp", "名取 聡", "ナトリ サトシ", "名取", ("employee",), department="サービス部", years=18, bud=42),
    Person("ayano", "ayano@example.jp", "柴田 綾乃", "シバタ アヤノ", "柴田あやの", ("employee",), department="サービス部", years=5, bud=13),
    Person("yoichi", "yoichi@example.jp", "伊東 陽一", "イトウ ヨウイチ", "伊東", ("employee",), department="品質保証部", years=24, bud=32),
    Person("kaho", "kaho@example.jp", "丸山 果歩", "マルヤマ カホ", "丸山かほ", ("employee",), department="総務部", years=3, bud=3),
    Person("jun", "jun@example.jp", "矢島 淳", "ヤジマ ジュン", "矢島じゅん", ("employee",), department="情報システム部", years=7, bud=22),
    Person("tomomi", "tomomi@example.jp", "竹内 知美", "タケウチ トモミ", "竹内ともみ", ("employee",), department="営業部", years=11, bud=41),
    Person("ryohei", "ryohei@example.jp", "上原 亮平", "ウエハラ リョウヘイ", "上原りょうへい", ("employee",), department="開発部", years=5, bud=12),
    Person("saki", "saki@example.jp", "北原 咲", "キタハラ サキ", "北原さき", ("employee",), department="製造部", years=2, bud=31),
    Person("masato", "masato@example.jp", "清水 雅人", "シミズ マサト", "清水", ("employee",), department="生産技術部", years=14, bud=2),
    Person("erika", "erika@example.jp", "三浦 絵里香", "ミウラ エリカ", "三浦えりか", ("employee",), department="営業部", years=6, bud=21),
    Person("keisuke", "keisuke@example.jp", "浅井 圭介", "アサイ ケイスケ", "浅井", ("employee",), department="購買部", years=11, bud=40),
    Person("misato", "misato@example.jp", "百瀬 美里", "モモセ ミサト", "百瀬みさと", ("employee",), department="開発部", years=1, bud=11),
)
# fmt: on

# HR, moderation, the desk, the auditor and the administrator. The desk is a lawyer from outside.
# fmt: off
_OFFICE: tuple[Person, ...] = (
    Person("jinji", "jinji@example.jp", "佐藤 由香里", "サトウ ユカリ", "佐藤さん（人事・採用担当）", ("hr",), department="人事部", years=10, bud=30),
    Person("lead", "lead@example.jp", "田中 美和子", "タナカ ミワコ", "田中さん（人事・採用責任者）", ("hr", "lead"), department="人事部", years=19, bud=1),
    Person("mod", "mod@example.jp", "松尾 香織", "マツオ カオリ", "松尾（ひろば運営）", ("moderator",), department="総務部", years=16, bud=20),
    Person("desk", "desk@example.jp", "早川 律子", "ハヤカワ リツコ", "早川（第三者相談窓口）", ("desk",), bud=39),
    Person("audit", "audit@example.jp", "西村 健一郎", "ニシムラ ケンイチロウ", "西村（監査担当）", ("auditor",), department="内部監査室", years=22, bud=10),
    Person("admin", "admin@example.jp", "川上 拓", "カワカミ ヒラク", "川上（システム管理者）", ("administrator",), department="情報システム部", years=13, bud=29),
)
# fmt: on

PEOPLE: tuple[Person, ...] = (*_OFFICE, *_EMPLOYEES, *_APRIL, *_OCTOBER, *_APRIL_MINOR)
