"""Languages: the reader's words and dates, and a catalogue that is complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask, render_template_string, request

from app.core import clock, i18n
from app.core.i18n import LANGUAGES, _, day, join_names, moment, speaking, t, tn

EVENING = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)  # 18:30 in Tokyo
CATALOGUE = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "%(name)sさん、ようこそ"
msgstr "Welcome, %(name)s"

msgid "%(count)s件の質問"
msgid_plural "%(count)s件の質問"
msgstr[0] "One question"
msgstr[1] "%(count)s questions"

msgid "進み具合は50%"
msgstr "50% done"
"""


@pytest.fixture
def english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small English catalogue of its own, compiled."""
    source = tmp_path / "en" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setattr(i18n, "_CATALOGUES", tmp_path)
    i18n.compile_catalogues(tmp_path)
    yield source
    i18n._catalogue.cache_clear()


@pytest.fixture
def website(english: Path) -> Flask:
    app = Flask(__name__)
    i18n.install_i18n(app, lambda: request.args.get("lang", "ja"))

    @app.get("/")
    def hello() -> str:
        label = _("%(name)sさん、ようこそ", name="<i>")
        return render_template_string(request.args["say"], name="<b>髙橋</b>", label=label)

    return app


def seen(website: Flask, say: str, lang: str) -> str:
    return website.test_client().get("/", query_string={"say": say, "lang": lang}).text


def test_every_language_is_named_in_itself() -> None:
    assert LANGUAGES == {"ja": "日本語", "en": "English"}


def test_mail_speaks_the_recipients_language_outside_a_request(english: Path) -> None:
    with speaking("en"):
        assert t("%(name)sさん、ようこそ", name="Haruka") == "Welcome, Haruka"
        with speaking("ja"):
            assert t("%(name)sさん、ようこそ", name="はるか") == "はるかさん、ようこそ"
        assert t("%(name)sさん、ようこそ", name="Haruka") == "Welcome, Haruka"
    assert t("%(name)sさん、ようこそ", name="はるか") == "はるかさん、ようこそ"


def test_a_language_set_for_a_mail_wins_over_the_readers_request(website: Flask) -> None:
    with website.test_request_context("/?lang=ja&say="):
        assert t("進み具合は50%") == "進み具合は50%"
        with speaking("en"):
            assert t("進み具合は50%") == "50% done"
        assert t("進み具合は50%") == "進み具合は50%"


def test_numbers_choose_their_plural(english: Path) -> None:
    assert tn("%(count)s件の質問", "%(count)s件の質問", 1) == "1件の質問"
    with speaking("en-GB"):
        assert tn("%(count)s件の質問", "%(count)s件の質問", 1) == "One question"
        assert tn("%(count)s件の質問", "%(count)s件の質問", 3) == "3 questions"


def test_a_text_with_a_plural_is_found_without_a_number_too(english: Path) -> None:
    with speaking("en"):
        assert t("%(count)s件の質問", count=1) == "One question"


def test_a_lazy_label_finds_its_language_when_it_is_shown(english: Path) -> None:
    label = _("%(name)sさん、ようこそ", name="Haruka")
    assert str(label) == "Haruka" + "さん、ようこそ"
    with speaking("en"):
        assert str(label) == "Welcome, Haruka"


def test_a_lazy_message_may_be_filled_later_by_a_form(english: Path) -> None:
    assert _("%(max)d文字以内にしてください") % {"max": 30} == "30文字以内にしてください"


def test_names_in_translated_texts_are_escaped_on_a_page(website: Flask) -> None:
    call = "{{ _('%(name)sさん、ようこそ', name=name) }}"
    block = "{% trans %}\n  {{ name }}さん、ようこそ\n{% endtrans %}"
    for say in (call, block):
        assert seen(website, say, "en") == "Welcome, &lt;b&gt;髙橋&lt;/b&gt;"
    assert seen(website, "{{ label }}", "en") == "Welcome, &lt;i&gt;"


def test_templates_count_and_take_a_bare_percent_sign(website: Flask) -> None:
    assert seen(website, "{{ _('進み具合は50%') }}", "ja") == "進み具合は50%"
    assert seen(website, "{{ _('進み具合は50%') }}", "en") == "50% done"
    assert seen(website, "{{ tn('%(count)s件の質問', '%(count)s件の質問', 2) }}", "en") == "2 questions"


def test_an_unknown_language_and_an_absent_catalogue_answer_in_japanese(
    website: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seen(website, "{{ _('進み具合は50%') }}", "xx-<script>") == "進み具合は50%"
    monkeypatch.setattr(i18n, "_CATALOGUES", tmp_path / "nowhere")
    i18n._catalogue.cache_clear()
    assert seen(website, "{{ _('進み具合は50%') }}", "en") == "進み具合は50%"


def test_dates_read_as_people_write_them() -> None:
    with clock.hold(datetime(2026, 11, 3, tzinfo=UTC)):
        assert day(date(2026, 10, 1)) == "10月1日（木）"
        assert day(EVENING) == "10月1日（木）"
        assert moment(EVENING) == "10月1日（木） 18:30"
        assert day(date(2027, 4, 1)) == "2027年4月1日（木）"
        with speaking("en"):
            assert day(EVENING) == "Thu 1 Oct"
            assert moment(EVENING) == "Thu 1 Oct 18:30"
            assert day(date(2027, 4, 1)) == "Thu 1 Apr 2027"


def test_the_day_and_the_year_are_the_companys_not_utc() -> None:
    new_years_eve = datetime(2026, 12, 31, 23, 5, tzinfo=UTC)  # 8:05 on New Year's Day in Tokyo
    with clock.hold(new_years_eve):
        assert moment(new_years_eve) == "1月1日（金） 8:05"
        with speaking("en"):
            assert moment(new_years_eve) == "Fri 1 Jan 08:05"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        moment(datetime(2026, 10, 1, 18, 30))


def test_dates_and_names_are_filters_of_templates(website: Flask) -> None:
    with website.test_request_context("/"):
        say = "{{ at|moment }} {{ names|join_names }}"
        shown = render_template_string(say, at=EVENING, names=["佐藤", "田中"])
    assert shown.endswith("10月1日（木） 18:30 佐藤・田中")


def test_names_are_joined_as_they_are_read_aloud() -> None:
    with speaking("en"):
        assert join_names(["Sato", "Tanaka", "Abe"]) == "Sato, Tanaka and Abe"
        assert join_names(["Sato"]) == "Sato"
        assert join_names([]) == ""


def test_a_text_without_sound_english_is_listed(tmp_path: Path) -> None:
    template = tmp_path / "messages.pot"
    catalogue = tmp_path / "messages.po"
    template.write_text(
        'msgid "absent 無い"\nmsgstr ""\n\nmsgid "曖昧"\nmsgstr ""\n\nmsgid "%(name)sさん"\nmsgstr ""\n\n'
        'msgid "Tsubomi"\nmsgstr ""\n\n'
        'msgid "%(count)s件"\nmsgid_plural "%(count)s件"\nmsgstr[0] ""\nmsgstr[1] ""\n',
        encoding="utf-8",
    )
    catalogue.write_text(
        '#, fuzzy\nmsgid "曖昧"\nmsgstr "vague"\n\nmsgid "%(name)sさん"\nmsgstr "%(nmae)s"\n\n'
        'msgid "%(count)s件"\nmsgid_plural "%(count)s件"\nmsgstr[0] "one"\nmsgstr[1] "%(count)s"\n',
        encoding="utf-8",
    )
    assert sorted(i18n.missing_translations(template, catalogue=catalogue)) == [
        "fuzzy: 曖昧",
        "no English: absent 無い",
        "other placeholders: %(name)sさん",
    ]


def test_new_texts_join_the_catalogue_and_old_translations_come_back(tmp_path: Path) -> None:
    page = tmp_path / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text("{{ _('あいさつ') }}{% trans %}\n  ひと\n  こと\n{% endtrans %}", encoding="utf-8")
    catalogue = tmp_path / "en.po"
    assert i18n.update_catalogue(catalogue, root=tmp_path) == 2
    assert 'msgid "ひと こと"' in catalogue.read_text(encoding="utf-8")
    fresh = catalogue.read_text(encoding="utf-8")
    translated = fresh.replace('msgid "あいさつ"\nmsgstr ""', 'msgid "あいさつ"\nmsgstr "Hello"')
    catalogue.write_text(translated, encoding="utf-8")
    page.rename(page.with_suffix(".away"))
    assert i18n.update_catalogue(catalogue, root=tmp_path) == 0
    page.with_suffix(".away").rename(page)
    assert i18n.update_catalogue(catalogue, root=tmp_path) == 1
    assert catalogue.read_text(encoding="utf-8") == translated


def test_a_catalogue_is_compiled_only_when_its_source_is_newer(english: Path, tmp_path: Path) -> None:
    assert i18n.compile_catalogues(tmp_path) == []
    shutil.copystat(Path(__file__), english)
    english.write_text(CATALOGUE + '\nmsgid "新しい"\nmsgstr "new"\n', encoding="utf-8")
    assert i18n.compile_catalogues(tmp_path) == [english.with_suffix(".mo")]
    with speaking("en"):
        assert t("新しい") == "new"


def test_every_text_of_the_product_has_its_english() -> None:
    assert i18n.missing_translations() == []
