"""Mentions in stored HTML: linked where somebody is spoken to, plain for whoever may not see that person."""

from __future__ import annotations

import re
from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import (
    begins_with_name,
    mark_mentions,
    mention_tails,
    mentions_in,
    render_markdown,
    show_mentions,
)

ONE, TWO = "aaaaaaaaaaaaa", "bbbbbbbbbbbbb"

NAMES = st.text(
    st.sampled_from("はるかな山田太郎AnnaZé.*+?()[]{}|^$\\<>&;\"'_-~ ltgm\u3099"),
    min_size=1,
    max_size=8,
).map(lambda name: " ".join(name.split()) or "あ")
BODIES = st.lists(
    st.one_of(
        NAMES.map("@{}".format),
        NAMES.map("＠{}さん".format),
        NAMES.map("`@{}`".format),
        NAMES.map("[@{}](https://example.jp/?a>b&c)".format),
        st.text(max_size=12),
    ),
    max_size=8,
).map(" ".join)


def link(public_id: str, words: str) -> str:
    """How a mention is stored."""
    return f'<a class="mention" href="/people/{public_id}">{words}</a>'


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("@はるかさん、こんにちは", f"<p>{link(ONE, '@はるか')}さん、こんにちは</p>\n"),
        ("こんにちは＠はるか", f"<p>こんにちは{link(ONE, '＠はるか')}</p>\n"),
        ("**@はるか**", f"<p><strong>{link(ONE, '@はるか')}</strong></p>\n"),
        ("@はるかぜさん", f"<p>{link(TWO, '@はるかぜ')}さん</p>\n"),
        ("`@はるか`", "<p><code>@はるか</code></p>\n"),
        ("```\n@はるか\n```", "<pre><code>@はるか\n</code></pre>\n"),
        ("mail@はるか", "<p>mail@はるか</p>\n"),
        ("@そら", "<p>@そら</p>\n"),
    ],
)
def test_names_are_linked_outside_of_links_and_code(body, html):
    assert mark_mentions(render_markdown(body), {"はるか": ONE, "はるかぜ": TWO}) == html


def test_a_name_inside_a_link_stays_part_of_that_link():
    html = render_markdown("[@はるか](https://example.jp/)")
    assert mark_mentions(html, {"はるか": ONE}) == html


def test_a_name_written_with_letters_ends_where_its_word_ends():
    """Ann is not Anna, but Annさん is Ann."""
    assert link(ONE, "@Ann") not in mark_mentions(render_markdown("@Anna"), {"Ann": ONE})
    assert link(ONE, "@Ann") in mark_mentions(render_markdown("@Annさん"), {"Ann": ONE})
    assert begins_with_name("Annさん", "Ann")
    assert not begins_with_name("Anna", "Ann")
    assert not begins_with_name("Ann", "")


def test_tails_are_what_follows_an_at_as_people_read_it():
    html = render_markdown("@a&b です `@c` mail@d ＠え")
    assert mention_tails(html) == ["a&b です ", "え"]


@given(BODIES, NAMES, NAMES)
def test_marking_changes_no_word_and_can_be_taken_back(body, one, other):
    """Without its links the HTML is what it was, byte for byte."""
    html = render_markdown(body)
    marked = mark_mentions(html, {one: ONE, other: TWO})
    assert show_mentions(marked, ()) == html
    assert show_mentions(marked, {ONE, TWO}) == marked
    assert mark_mentions(marked, {one: ONE, other: TWO}) == marked
    assert set(mentions_in(marked)) <= {one, other}


@given(BODIES, NAMES, NAMES)
def test_only_the_people_one_may_see_are_links(body, one, other):
    """The other's id is nowhere in what is shown."""
    shown = show_mentions(mark_mentions(render_markdown(body), {one: ONE, other: TWO}), {ONE})
    assert TWO not in shown
    assert unescape(re.sub(r"<[^>]*>", "", shown)).count("@") == unescape(
        re.sub(r"<[^>]*>", "", render_markdown(body))
    ).count("@")


@given(NAMES)
def test_any_name_is_found_where_it_stands_alone(name):
    """Whatever characters of patterns, HTML or Japanese it is made of."""
    html = f"<p>@{escape(name, quote=False)}</p>\n"
    assert mentions_in(mark_mentions(html, {name: ONE})) == {name: ONE}
    [tail] = mention_tails(html)
    assert begins_with_name(tail, name)
