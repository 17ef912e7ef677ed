"""Markdown, links and the gates behind them: what a body may become."""

from html.parser import HTMLParser

import bleach
import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import (
    MAX_NESTING,
    _gated,
    _last_gate,
    plain_text,
    render_markdown,
    render_plain,
    stored_html,
)

TAGS = {"p", "br", "strong", "em", "s", "a", "code", "pre", "ul", "ol", "li", "blockquote", "hr"}
REL = "nofollow noopener noreferrer ugc"


class Outline(HTMLParser):
    """Tags, attributes, visible text and depth of some HTML, read by a third parser."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""
        self.depth = self.deepest = 0
        self.strange: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update((tag, name) for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in ("br", "hr"):
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.strange.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def paragraph(inner: str) -> str:
    return f"<p>{inner}</p>\n"


def link(url: str, name: str = "") -> str:
    return f'<a href="{url}" rel="{REL}">{name or url}</a>'


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("**「研修」**です", "<strong>「研修」</strong>です"),
        ("**重要：**本文", "<strong>重要：</strong>本文"),
        ("*強調*です", "<em>強調</em>です"),
        ("*「強調」*です", "<em>「強調」</em>です"),
        ("**「a」**と**「b」**です。", "<strong>「a」</strong>と<strong>「b」</strong>です。"),
        ("場所は**（仮）**です", "場所は<strong>（仮）</strong>です"),
        ("~~「中止」~~です", "<s>「中止」</s>です"),
        ("** 空白 **です", "** 空白 **です"),
    ],
)
def test_marks_work_beside_japanese_without_spaces(body, html):
    assert render_markdown(body) == paragraph(html)


@pytest.mark.parametrize(
    "body",
    [
        "(*^_^*)",
        "(*´▽｀*)です(*・ω・*)",
        "^_^ よろしく ^_^",
        "*は必須です。*は任意です",
        "T_T と snake_case_name",
    ],
)
def test_faces_and_footnote_stars_are_not_marks(body):
    assert render_markdown(body) == paragraph(body)


def test_line_breaks_are_kept():
    assert render_markdown("はじめまして\nよろしく\r\nです") == paragraph(
        "はじめまして<br>\nよろしく<br>\nです"
    )


def test_a_heading_becomes_a_bold_line_that_leaves_the_outline_of_the_page_alone():
    assert render_markdown("# 見出し\n###### 小見出し") == (
        "<p><strong>見出し</strong></p>\n<p><strong>小見出し</strong></p>\n"
    )


def test_a_line_of_hyphens_and_deep_indents_do_not_change_the_text_above():
    assert render_markdown("本文\n---") == "<p>本文</p>\n<hr>\n"
    assert render_markdown("    四つ下げ") == paragraph("四つ下げ")


def test_lists_quotes_and_code_survive_both_gates():
    outline = Outline(render_markdown("3. a\n4. b\n\n- c\n\n> 引用\n\n```py\nx < 1\n```\n`y` ~~z~~"))
    assert {"ol", "ul", "li", "blockquote", "pre", "code", "s"} <= set(outline.tags)
    assert outline.attributes == {("ol", "start")}
    assert "x < 1" in outline.text


@pytest.mark.parametrize(
    ("body", "linked", "rest"),
    [
        ("https://example.jp/aです", "https://example.jp/a", "です"),
        ("https://example.jp。", "https://example.jp", "。"),
        ("https://example.jp/a、", "https://example.jp/a", "、"),
        ("https://example.jp/a）と", "https://example.jp/a", "）と"),
        ("https://example.jp/a」", "https://example.jp/a", "」"),
        ("https://example.jp/a).", "https://example.jp/a", ")."),
        ("https://example.jp/A_(b)_c!", "https://example.jp/A_(b)_c", "!"),
        ("http://example.jp:8000/?a=1#c", "http://example.jp:8000/?a=1#c", ""),
    ],
)
def test_an_address_ends_before_japanese_and_punctuation(body, linked, rest):
    assert render_markdown(body) == paragraph(link(linked) + rest)
    assert render_plain(body) == link(linked) + rest


def test_a_bold_address_closes_its_marks():
    assert render_markdown("**https://example.jp/**です") == paragraph(
        f"<strong>{link('https://example.jp/')}</strong>です"
    )


@pytest.mark.parametrize(
    "body",
    [
        "example.jp",
        "www.example.jp",
        "a@example.jp",
        "xhttp://example.jp",
        "ftp://example.jp",
        "https://",
        "http://。",
    ],
)
def test_nothing_is_guessed_to_be_a_link(body):
    assert Outline(render_markdown(body)).links == []
    assert Outline(render_plain(body)).links == []


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "%6aavascript:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:msgbox(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "file:///etc/passwd",
        "//evil.example",
        "/\\evil.example",
        "https:\\\\evil.example",
        "https://bank.example@evil.example/",
        "https:evil.example",
        "/sign-out",
        "#top",
    ],
)
def test_an_address_that_is_not_plainly_http_or_mail_is_no_link(target):
    for body in (f"[押す]({target})", f"[押す](<{target}>)", f"![押す]({target})", f"<{target}>", target):
        assert Outline(render_markdown(body)).links == [], body
        assert Outline(render_plain(target)).links == []


def test_a_written_link_keeps_its_words_and_names_no_window():
    assert render_markdown('[案内](https://example.jp/a "題")') == paragraph(
        link("https://example.jp/a", "案内")
    )
    assert render_markdown("[連絡](mailto:a@example.jp)") == paragraph(link("mailto:a@example.jp", "連絡"))


def test_an_image_is_a_link_and_loads_nothing():
    assert render_markdown("![写真](https://example.jp/a.png)") == paragraph(
        link("https://example.jp/a.png", "写真")
    )
    assert render_markdown("![](https://example.jp/a.png)") == paragraph(link("https://example.jp/a.png"))


def test_a_link_in_a_link_is_one_link():
    outline = Outline(render_markdown("[![a](https://example.jp/b)](https://example.jp/c)"))
    assert outline.tags == ["p", "a"]
    assert outline.links == ["https://example.jp/c"]


@pytest.mark.parametrize(
    "body",
    [
        "<img src=x onerror=alert(1)>",
        "<base href=//evil.example>",
        "<svg/onload=alert(1)>",
        "<script>alert(1)</script>",
        "<!-- --><style>*{}</style>",
        "</p></article><form action=//evil.example>",
        "<a href=javascript:alert(1)>x</a>",
        "&lt;img src=x&gt; &copy;",
    ],
)
def test_html_stays_text(body):
    for html in (render_markdown(body), render_plain(body)):
        outline = Outline(html)
        assert set(outline.tags) <= {"p"}
        assert outline.text.strip() == body


def test_nothing_in_a_body_can_reorder_the_page_around_it():
    body = "a\u202eb\u2066c [d\u202e](https://example.jp/%E2%80%AE) &#x202e; e\u200df\x00\x1b"
    for text in (render_markdown(body), render_plain(body), plain_text(body)):
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b") & set(text)
    assert "e\u200df" in render_markdown(body)  # what merely is invisible stays: emoji are made of it


@pytest.mark.parametrize(
    "body",
    [
        ">" * 10_000,
        "> - " * 2_500,
        "[" * 10_000,
        "![" * 5_000 + "](https://example.jp)" * 500,
        "[a](" * 2_500,
        "*" * 5_000 + "a" + "*" * 5_000,
        "_a*b" * 2_500,
        "**「" * 1_600 + "」**" * 1_600,
        "- " * 5_000,
        "`" * 10_000,
        "1. \n" * 2_500,
        "https://example.jp/" + ")" * 9_000,
        "http:" * 2_000,
    ],
)
def test_ten_thousand_marks_give_a_small_and_shallow_page(body):
    html = render_markdown(body)
    assert len(html) < 10 * len(body)
    assert Outline(html).deepest <= 2 * MAX_NESTING
    render_plain(body)
    plain_text(body)


def test_text_deeper_than_the_limit_is_still_there():
    assert "ここにいます" in Outline(render_markdown(">" * 200 + "ここにいます")).text
    assert "ここにいます" in Outline(render_markdown("*" * 200 + "ここにいます" + "*" * 200)).text


def test_a_title_or_excerpt_is_one_line_without_marks():
    body = "# 題\n**「研修」**は[こちら](https://example.jp)\n- a\n- b\n\n`c` <b>"
    assert plain_text(body) == "題 「研修」はこちら a b c <b>"
    assert plain_text("\n\u3000\n") == ""


def test_plain_text_for_talks_keeps_lines_and_every_mark():
    assert render_plain("**a**\n<b> & 'c'") == "**a**<br>\n&lt;b&gt; &amp; 'c'"


def test_a_template_shows_stored_html_as_it_is():
    assert stored_html("<p>a</p>").__html__() == "<p>a</p>"


# --- three parsers must agree ----------------------------------------------------------------------------

PIECES = [
    *"*_~`[]()<>!#-+=|\\&;:/\"'. \n\t0aあ「」。、（）\u3000\u202e\u200d\ufeff\x00\x0b\xa0\ud800",
    *("http://", "https://a.jp", "javascript:", "data:", "mailto:a@b.jp", "](", "![", "<img ", "onerror="),
    *("<a href=", "<svg/onload=", "</", "<!--", "-->", "<![CDATA[", "]]>", "&#x6a;", "&lt", "<base "),
    *("```", "~~~", "1. ", "> ", "**", "__", "~~", "<style>", "<math>", "<template>", "\n\n", "    "),
    *("👩\u200d👩\u200d👧", "ｱ", "e\u0301", "https://[::1]"),
]
BODIES = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


def again_by_bleach(html: str) -> str:
    return bleach.clean(
        html,
        tags=TAGS,
        attributes={"a": ["href", "rel"], "ol": ["start"]},
        protocols=["http", "https", "mailto"],
    )


def again_by_nh3(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=REL,
    )


def shape(html: str) -> tuple[list[str], list[str], str]:
    outline = Outline(html)
    return outline.tags, outline.links, outline.text


@given(BODIES)
def test_whatever_is_written_three_parsers_find_only_what_is_allowed(body):
    for html in (render_markdown(body), render_plain(body)):
        outline = Outline(html)
        assert set(outline.tags) <= TAGS
        assert outline.attributes <= {("a", "href"), ("a", "rel"), ("ol", "start")}
        assert all(url.lower().startswith(("http://", "https://", "mailto:")) for url in outline.links)
        assert outline.strange == []
        assert again_by_nh3(html) == html
        assert shape(again_by_bleach(html)) == shape(html)


@given(BODIES)
def test_if_the_parser_let_html_through_each_gate_would_still_stop_it(html):
    html = html.encode("utf-8", "replace").decode()
    for outline in (Outline(_gated(html)), Outline(_last_gate(html))):
        assert set(outline.tags) <= TAGS
        assert outline.attributes <= {("a", "href"), ("a", "rel"), ("ol", "start")}
        assert all(url.lower().startswith(("http://", "https://", "mailto:")) for url in outline.links)


def test_the_last_gate_knows_links_as_well_as_the_parser():
    for target in ("javascript:alert(1)", "//evil.example", "/sign-out", "https://a@evil.example", "data:,x"):
        assert Outline(_last_gate(f'<a href="{target}" onclick=x target=_blank>x</a>')).links == []
    assert _last_gate("a&#x202e;b&#8294;") == "ab"
    assert _last_gate("<script>x</script><p style=x class=y id=z>a<img src=x><base href=y>") == "<p>a</p>"


@given(BODIES)
def test_rendering_gives_the_same_twice_and_a_title_is_one_line(body):
    assert render_markdown(body) == render_markdown(body)
    assert len(plain_text(body).splitlines()) <= 1


@given(st.text(alphabet="あいう漢字カナabc、。「」（）！？ー 0", max_size=60))
def test_plain_sentences_are_seen_as_they_were_written(body):
    seen = Outline(render_markdown(body)).text
    assert seen.split() == body.split()
