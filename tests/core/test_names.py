"""Names: what is kept, what is compared, what is refused and in which words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.names import (
    NameRefused,
    check_display_name,
    check_person_name,
    fold,
    grapheme_length,
    to_kana,
)

FAMILY = "👩\u200d👩\u200d👧"


def refusal(name, **options):
    with pytest.raises(NameRefused) as refused:
        check_display_name(name, **options)
    return str(refused.value.sentence)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("はるか", "はるか"),
        ("\u3000はる　　か \n", "はる か"),
        ("か\u3099く", "がく"),
        ("髙﨑", "髙﨑"),
        ("福\ufa1b", "福\ufa1b"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        (f"ゆい{FAMILY}", f"ゆい{FAMILY}"),
        ("☀️そら", "☀️そら"),
        ("Nguyễn", "Nguyễn"),
        ("Chris Stafford", "Chris Stafford"),
        ("スタッフォード", "スタッフォード"),
        ("Tom & <b>", "Tom & <b>"),
        ("二ノ宮", "二ノ宮"),
        ("個人事業主", "個人事業主"),
    ],
)
def test_an_ordinary_name_is_kept_as_its_owner_writes_it(typed, kept):
    assert check_display_name(typed) == kept


@pytest.mark.parametrize(
    "name", ["", " ", "\u3000\n", "\u200b", "\u2060\ufeff", "\u2800", "\u3164", "\u00ad"]
)
def test_a_name_that_nobody_can_see_is_refused(name):
    assert refusal(name) == "名前を入力してください（空白だけの名前は使えません）"


def test_a_name_of_21_letters_is_refused_with_its_length():
    assert check_display_name("あ" * 20) == "あ" * 20
    assert check_display_name("🌱" * 20) == "🌱" * 20
    assert refusal("あ" * 21) == "20文字以内にしてください（いま21文字です）"
    assert refusal("あ" * 10_412) == "20文字以内にしてください（いま10,412文字です）"


@pytest.mark.parametrize("name", [FAMILY * 20, "\ufdfa" * 20])
def test_a_name_of_few_letters_still_fits_its_column(name):
    assert refusal(name) == "絵文字や記号が多すぎます。少し減らしてください"


@pytest.mark.parametrize("mark", ["\u202e", "\u202a", "\u2067", "\u200f", "\u061c"])
def test_a_name_cannot_turn_the_direction_of_the_text_around_it(mark):
    assert refusal(f"はる{mark}か") == "文字の向きを変える記号は使えません。その記号を消してください"


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u200d", "\u200c", "\u2060", "\u00ad", "\u3164", "\U000e0061", "\ufe0f"]
)
def test_a_name_holds_nothing_invisible(mark):
    assert refusal(f"はる{mark}か") == "見えない文字が含まれています。名前を入力し直してください"


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\n", "\t", "\x85", "\ud800", "\ue000", "\u2028"])
def test_a_name_holds_only_what_can_be_shown(mark):
    assert "表示できない文字" in refusal(f"はる{mark}か")


def test_marks_do_not_climb_over_the_lines_above():
    assert check_display_name("e\u0323\u0302") == "ệ"
    assert refusal("は\u0301\u0302\u0303るか") == (
        "文字に重ねる記号が多すぎます。1文字につき2つまでにしてください"
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "人事部",
            "人事",
            "人事部の山田",
            "採用担当",
            "採用チーム",
            "採用",
            "運営",
            "管理者",
            "モデレーター",
        ),
        *("事務局", "つぼみ運営", "相談窓口", "admin", "ADMIN", "ａｄｍｉｎ", "staff", "official", "HR"),
        *("аdmin", "αdmin", "ádmin", "a d m i n", "admin_taro", "Staff-Yamada", "ﾓﾃﾞﾚｰﾀｰ", "もでれーたー"),
        *(
            "人 事 部",
            "人・事",
            "入事部",
            "人亊部",
            "運營",
            "相談窓ロ",
            "モデレ一タ一",
            "匿名の内定者（こもれび）",
        ),
    ],
)
def test_nobody_passes_for_an_office_they_do_not_hold(name):
    assert refusal(name) == ("運営や人事と間違えやすい名前は使えません。ふだん呼ばれている名前にしてください")


@pytest.mark.parametrize("name", ["髙﨑花子", "高崎 花子", "高崎花子", "高崎・花子"])
def test_nobody_takes_the_name_of_a_member_of_staff(name):
    assert refusal(name, reserved=["高﨑　花子"]) == (
        "ほかの方と間違えやすいため、この名前は使えません。少し変えた呼び名にしてください"
    )
    assert check_display_name("花子", reserved=["高﨑　花子"]) == "花子"


def test_a_legal_name_may_be_long_and_hold_any_word_but_no_controls():
    assert check_person_name("人事　太郎") == "人事 太郎"
    assert check_person_name("あ" * 60) == "あ" * 60
    for name in ("あ" * 61, "山田\u202e太郎", "山田\x00太郎", " "):
        with pytest.raises(NameRefused):
            check_person_name(name)


@pytest.mark.parametrize(
    ("typed", "kana"),
    [
        ("ﾔﾏﾀﾞ ﾊﾙｶ", "ヤマダ ハルカ"),
        ("やまだ　はるか", "ヤマダ ハルカ"),
        ("ゔぁん・だ-る", "ヴァン・ダール"),
        ("か\u3099く", "ガク"),
        ("", ""),
        (" \u3000", ""),
    ],
)
def test_kana_become_full_width_katakana(typed, kana):
    assert to_kana(typed) == kana


@pytest.mark.parametrize("typed", ["山田", "Yamada", "ヤマダ1", "ー", "ヤマダ<", "ヤ\u200bマダ", "ア" * 61])
def test_what_is_not_kana_is_refused(typed):
    with pytest.raises(NameRefused):
        to_kana(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ハルカ", "はるか"),
        ("ﾊﾙｶ", "ハルカ"),
        ("Ａｌｉｃｅ", "alice"),
        ("аlicе", "Alice"),
        ("José", "JOSE"),
        ("髙橋", "高橋"),
        ("渡邉", "渡邊"),
        ("𠮷田", "吉田"),
        ("は\u200bるか", "はるか"),
        ("山田　太郎", " 山田 太郎 "),
        ("①", "1"),
    ],
)
def test_names_that_look_or_sound_alike_are_one_when_compared(one, other):
    assert fold(one) == fold(other)


def test_names_that_differ_stay_different():
    assert (
        len(
            {fold(name) for name in ("はるか", "はるが", "ばるか", "遥", "はる か", "haruka", "斉藤", "斎藤")}
        )
        == 8
    )


def test_length_is_counted_as_people_count():
    assert grapheme_length(f"が{FAMILY}🇯🇵か\u3099") == 4
    assert grapheme_length("") == 0


@given(st.text())
def test_any_text_is_refused_or_gives_a_name_that_is_itself_acceptable(text):
    for check in (check_display_name, check_person_name, to_kana):
        with suppress(NameRefused):
            cleaned = check(text)
            assert check(cleaned) == cleaned
            assert not set(cleaned) & set("\n\r\t\x00\u202e")


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
