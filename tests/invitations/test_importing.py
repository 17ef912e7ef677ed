"""Invitations from pasted lines: what is understood, what is refused, and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tables import decode_table
from app.invitations.importing import ROLES, normal_mail, read_invitations

COHORTS = {"2027年4月入社": "cohort-april", "2027年10月入社": "cohort-october"}
GROUPS = {"若葉": "group-wakaba"}


def read(text):
    return read_invitations(text, cohorts=COHORTS, groups=GROUPS)


def only_line(text):
    (line,) = read(text).lines
    return line


def problems(text):
    return [str(problem) for line in read(text).lines for problem in line.problems]


def test_a_table_of_japanese_excel_is_read_with_every_name_intact():
    header = "氏名,フリガナ,メール,入社時期,班,役割\r\n"
    raw = header + "髙橋①花,ﾀｶﾊｼ ﾊﾅ,hana@example.jp,2027年4月入社,若葉,内定者\r\n"
    sheet = read(decode_table(raw.encode("cp932")))
    (line,) = sheet.lines
    assert (line.line_number, line.legal_name, line.kana) == (2, "髙橋①花", "タカハシ ハナ")
    assert (line.mail, line.cohort, line.group, line.role) == (
        "hana@example.jp",
        "cohort-april",
        "group-wakaba",
        "candidate",
    )
    assert (line.problems, sheet.problems, sheet.is_ready) == ((), (), True)


def test_columns_may_come_in_any_order_and_language_with_lines_breaking_in_cells():
    sheet = read(
        'Group\tE-mail（必須）\t"備考\n（任意）"\tName\tRole\n若葉\tｔａｒｏ＠example.jp\t"a\nb"\t"山田\n太郎"\tEmployee\n'
    )
    (line,) = sheet.lines
    assert (line.line_number, line.legal_name, line.mail) == (3, "山田 太郎", "taro@example.jp")
    assert (line.group, line.role, line.cohort) == ("group-wakaba", "employee", None)
    assert sheet.ignored_columns == ("備考\n（任意）",)


def test_without_a_header_a_cell_is_what_it_looks_like():
    line = only_line("2027年10月入社,ヤマダ ハルカ,山田　遥,haruka@example.jp,若葉,社員")
    assert (line.legal_name, line.kana, line.mail) == ("山田 遥", "ヤマダ ハルカ", "haruka@example.jp")
    assert (line.cohort, line.group, line.role) == ("cohort-october", "group-wakaba", "employee")


def test_names_in_two_columns_are_joined_as_recruiting_systems_export_them():
    line = only_line("姓,名,セイ,メイ,Email\n髙橋,花,たかはし,はな,hana@example.jp")
    assert (line.legal_name, line.kana, line.problems) == ("髙橋 花", "タカハシ ハナ", ())


def test_lines_of_addresses_alone_are_enough():
    lines = read("a@example.jp\n\nb@example.jp").lines
    assert [(line.line_number, line.mail, line.role) for line in lines] == [
        (1, "a@example.jp", "candidate"),
        (3, "b@example.jp", "candidate"),
    ]
    assert problems("a@example.jp\n\nb@example.jp") == []


@pytest.mark.parametrize(
    ("typed", "mail"),
    [
        ("ｈａｒｕｋａ＠ｅｘａｍｐｌｅ．ｊｐ", "haruka@example.jp"),
        (" Haruka@Example.JP\u3000", "haruka@example.jp"),
        ("mailto:haruka@example.jp", "haruka@example.jp"),
        ("<haruka@example.jp>\u200b", "haruka@example.jp"),
    ],
)
def test_an_address_is_tidied_as_people_type_it(typed, mail):
    assert normal_mail(typed) == mail
    assert only_line(typed).mail == mail


@pytest.mark.parametrize(
    "typed", ["haruka@", "@example.jp", "a b@example.jp", "haruka@example", "遥@example.jp", "a@b@c.jp"]
)
def test_what_is_not_an_address_says_how_one_looks(typed):
    assert problems(f"メール\n{typed}") == ["メールアドレスの形になっていません（例：haruka@example.jp）"]


def test_a_line_without_an_address_asks_for_one():
    assert problems("氏名,メール\n山田,\n佐藤") == ["メールアドレスを入力してください"] * 2


def test_the_second_of_two_equal_addresses_is_flagged_with_the_first():
    first, second, third = read("a@example.jp\nＡ@example.jp\nb@example.jp").lines
    assert (first.problems, third.problems) == ((), ())
    assert [str(problem) for problem in second.problems] == [
        "1行目と同じメールアドレスです。どちらか1行にしてください"
    ]


def test_an_unknown_cohort_group_or_role_names_what_is_possible():
    text = "メール,入社時期,班,役割\na@example.jp,2030年4月入社,青葉,\nb@example.jp,,,部長"
    assert problems(text) == [
        "入社時期「2030年4月入社」はまだありません。先に作るか、次のどれかにしてください："
        "2027年4月入社・2027年10月入社",
        "班「青葉」はまだありません。先に作るか、次のどれかにしてください：若葉",
        "役割「部長」が分かりません。次のどれかにしてください："
        "内定者・社員・人事・人事責任者・モデレーター・第三者相談窓口・監査担当・システム管理者",
    ]
    line = read(text).lines[0]
    assert (line.cohort, line.cohort_name) == (None, "2030年4月入社")


def test_a_cohort_is_found_however_its_name_is_typed():
    assert only_line("メール,入社\na@example.jp,２０２７年４月入社 ").cohort == "cohort-april"


def test_only_candidates_have_a_cohort():
    assert problems("メール,入社時期,役割\na@example.jp,2027年4月入社,社員") == [
        "入社時期を付けられるのは内定者だけです。この欄を空にしてください"
    ]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_written_as_its_own_name(role):
    assert only_line(f"mail,role\na@example.jp,{role.upper()}").role == role


def test_a_name_or_kana_that_cannot_be_taken_keeps_its_line_and_says_why():
    line = only_line("氏名,フリガナ,メール\n山\u202e田,yamada,a@example.jp")
    assert (line.legal_name, line.kana, line.mail) == ("山\u202e田", "yamada", "a@example.jp")
    assert [str(problem) for problem in line.problems] == [
        "文字の向きを変える記号は使えません。その記号を消してください",
        "フリガナはカタカナで入力してください（例：ヤマダ　ハルカ）",
    ]


@pytest.mark.parametrize(
    "column",
    [
        *("本籍", "本籍地", "家族構成", "父親の職業", "宗教", "尊敬する人物", "出身地", "出生地", "国籍"),
        *("愛読書", "支持政党", "座右の銘", "健康状態", "住居の状況", "労働組合", "身元保証人", "購読新聞"),
        "Religion",
    ],
)
def test_a_column_of_the_14_items_is_refused_by_name_and_the_rest_is_read(column):
    sheet = read(f"氏名,{column},メール\n山田,秘密,a@example.jp")
    assert sheet.is_ready
    assert sheet.ignored_columns == ()
    assert {name: str(sentence) for name, sentence in sheet.refused_columns.items()} == {
        column: f"「{column}」の列は読み込みませんでした。就職差別につながるおそれのある14事項に関わるため、"
        "ここではお預かりしません。ほかの列はそのまま読み込んでいます"
    }
    assert "秘密" not in repr(sheet)


@pytest.mark.parametrize("column", ["出身大学", "出身校", "母校", "備考", "学部"])
def test_a_column_that_nobody_asked_for_is_ignored_and_named(column):
    sheet = read(f"氏名,{column},メール\n山田,秘密,a@example.jp")
    assert (sheet.ignored_columns, sheet.refused_columns) == ((column,), {})
    assert "秘密" not in repr(sheet)


def test_ten_thousand_lines_are_one_sentence_and_nothing_else():
    sheet = read("".join(f"a{number}@example.jp\n" for number in range(10_000)))
    assert sheet.lines == ()
    assert [str(problem) for problem in sheet.problems] == ["5,000行以内にしてください（いま10,000行です）"]
    assert not sheet.is_ready


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "まだ何も入力されていません。1行に1人ずつ、メールアドレスを含めて貼り付けてください"),
        (
            "氏名,メール\n",
            "まだ何も入力されていません。1行に1人ずつ、メールアドレスを含めて貼り付けてください",
        ),
        (
            "山田\n佐藤",
            "メールアドレスの列が見つかりません。見出しを「メール」にするか、メールアドレスを含めてください",
        ),
    ],
)
def test_a_sheet_without_anyone_to_invite_says_what_to_paste(text, sentence):
    sheet = read(text)
    assert sheet.lines == ()
    assert [str(problem) for problem in sheet.problems] == [sentence]


PIECES = [
    "氏名",
    "メール",
    "mail",
    "役割",
    "宗教",
    "a@example.jp",
    "＠",
    "@",
    ",",
    "\t",
    "，",
    '"',
    "\n",
    "\r",
    "若葉",
    "カナ",
]


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from([*PIECES, "\u202e", "\x00", "\ud800", "[::1]"])).map("".join)
    )
)
def test_whatever_is_pasted_gives_a_sheet_whose_lines_or_problems_can_be_shown(text):
    sheet = read(text)
    assert bool(sheet.lines) != bool(sheet.problems)
    for line in sheet.lines:
        assert line.role in ROLES
        assert line.problems or "@" in line.mail
        assert all(str(problem) for problem in line.problems)
    assert all(str(sentence) for sentence in (*sheet.problems, *sheet.refused_columns.values()))
