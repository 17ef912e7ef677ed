"""What people write becomes HTML here and nowhere else: the only place that makes Markup.

Markdown is parsed with all HTML escaped, then passes two allow-lists that know nothing of each other
(bleach, then nh3, which has the last word). The result is stored when something is written, together with
RENDERER_VERSION, so that a page never parses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from html import escape, unescape
from urllib.parse import urlsplit

import bleach
import nh3
from markdown_it import MarkdownIt, rules_block, rules_inline
from markdown_it.common.utils import isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType
from markupsafe import Markup

RENDERER_VERSION: int = 1  # raise it when the same body would give other HTML, then render again
MAX_BODY_LENGTH = 10_000  # graphemes; the form that takes a body keeps it

_TAG = re.compile(r"(<[^>]*>)")
_PLACE = re.compile(r"\{([^{}\n]{1,30})\}")
MAX_NESTING = 20  # quotes in lists in quotes …: deeper than anyone reads, shallow enough for any phone
_MAX_MARKS = 8  # bold in italics in struck out …
_LINK_REL = "nofollow noopener noreferrer ugc"
_SCHEMES = frozenset({"http", "https", "mailto"})
_TAGS = frozenset({"p", "br", "strong", "em", "s", "a", "code", "pre", "ul", "ol", "li", "blockquote", "hr"})


# --- the public verbs ------------------------------------------------------------------------------------


def render_markdown(body: str) -> str:
    """Turn forgiving Markdown into HTML to be stored beside the body when it is written.

    Line breaks are kept, headings become bold lines, images become links; no HTML of the author survives.
    Any text is accepted and the work is bounded; MAX_BODY_LENGTH is checked by the form.
    """
    return _gated(_MARKDOWN.render(_tidy(body)))


def render_plain(body: str) -> str:
    """Turn plain text into HTML to be stored: escaped, with links and line breaks and nothing else."""
    pieces = []
    tidy = _tidy(body)
    position = 0
    for start, url in _bare_urls(tidy):
        pieces.append(escape(tidy[position:start]))
        pieces.append(f'<a href="{escape(url)}">{escape(url)}</a>')
        position = start + len(url)
    pieces.append(escape(tidy[position:]))
    return _last_gate("".join(pieces).replace("\n", "<br>\n"))


def stored_html(html: str) -> Markup:
    """Let a template show what render_markdown or render_plain once returned; never anything else."""
    return Markup(html)  # noqa: S704 - both gates were passed when it was stored


def plain_text(body: str) -> str:
    """Say the body in one line without its markup: for titles and excerpts in mails.

    The result is text, not HTML: it still has to be escaped where it is shown, and holds no line break.
    """
    words = (word for token in _MARKDOWN.parse(_tidy(body)) for word in _words(token))
    return " ".join("".join(words).split())


def filled_html(html: str, values: Mapping[str, str]) -> Markup:
    """Stored HTML with each `{name}` in its text replaced by the value, escaped; tags and addresses stay as they are."""
    pieces = _TAG.split(html)
    pieces[::2] = [
        _filled(piece, {name: escape(value) for name, value in values.items()}) for piece in pieces[::2]
    ]
    return Markup("".join(pieces))  # noqa: S704 - both gates were passed when it was stored; values are escaped


def filled_text(text: str, values: Mapping[str, str]) -> str:
    """Plain text with each `{name}` replaced by the value."""
    return _filled(text, values)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """All at once: a value that looks like a field of its own is not filled again."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def letter_lines(body: str) -> str:
    """Say the body as plain text for a letter: paragraphs and lists stay, an address stands behind its words."""
    lines = "".join(_letter_pieces(_MARKDOWN.parse(_tidy(body))))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", lines)).strip()


def _letter_pieces(tokens: list[Token]) -> Iterator[str]:
    numbers: list[int | None] = []  # of the lists around: the next number, None for a bulleted one
    for token in tokens:
        if token.type == "bullet_list_open":
            numbers.append(None)
        elif token.type == "ordered_list_open":
            numbers.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
            yield "\n"
        elif token.type == "list_item_open":
            yield "・" if numbers[-1] is None else f"{numbers[-1]}. "
            numbers[-1] = None if numbers[-1] is None else numbers[-1] + 1
        elif token.type == "inline":
            yield from _letter_words(token.children or [])
            yield "\n"
        elif token.type in ("fence", "hr"):
            yield token.content or "――――――――――\n"
        elif token.type in ("paragraph_close", "heading_close") and not numbers:
            yield "\n"


def _letter_words(tokens: list[Token]) -> Iterator[str]:
    """Yield what a reader sees of a line; an address behind the words that lead there, once."""
    words, href = "", ""
    for token in tokens:
        if token.type == "link_open":
            words, href = "", str(token.attrGet("href"))
        elif token.type == "link_close":
            yield f" {href} " if words != href else ""
            href = ""
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type in ("text", "code_inline"):
            words += token.content
            yield token.content


# --- mentions --------------------------------------------------------------------------------------------

# In HTML that passed both gates a tag's quotes are always double, and no text holds a bare < or >.
_PIECE = re.compile(r"""<(?:"[^"]*"|[^">])*>|[^<]+|<""")
_CLOSED = re.compile(r"</?(?:a|code|pre)[ >]")
# haruka@example.jp is an address and mentions nobody.
_AT = r"(?<![A-Za-z0-9_])[@＠]"
_TAIL = re.compile(rf"{_AT}(?=\S)")
_MENTION = re.compile(r'<a class="mention" href="/people/([a-z2-7]{13})">([@＠])([^<]*)</a>')
_MOST_TAILS = 60  # places looked at in one text; beyond it an @ stays an @
_LONGEST_TAIL = 80  # code points: no name is longer


def mention_tails(html: str) -> list[str]:
    """Say what follows each @ of stored HTML, as text, outside of tags, links and code: where names may begin."""
    tails = []
    for piece, is_open in _pieces(html):
        text = unescape(piece) if is_open else ""
        tails += [text[found.end() :][:_LONGEST_TAIL] for found in _TAIL.finditer(text)]
    return tails[:_MOST_TAILS]


def begins_with_name(tail: str, name: str) -> bool:
    """Tell whether a tail begins with this name and the name ends there: 「@Annaさん」 is not Ann."""
    return bool(name) and re.match(_named(name), tail) is not None


def mark_mentions(html: str, names: Mapping[str, str]) -> str:
    """Link each `@name` of stored HTML, outside of tags, links and code, to the person with this public id.

    Where one name begins another the longer one is meant.
    """
    if not names:
        return html
    ids = {escape(name, quote=False): public_id for name, public_id in names.items()}
    words = "|".join(_named(name) for name in sorted(ids, key=len, reverse=True))
    pattern = re.compile(rf"({_AT})({words})")

    def link(found: re.Match[str]) -> str:
        return f'<a class="mention" href="/people/{ids[found[2]]}">{found[0]}</a>'

    return "".join(pattern.sub(link, piece) if is_open else piece for piece, is_open in _pieces(html))


def show_mentions(html: str, visible_ids: Collection[str]) -> str:
    """Leave only the mentions of these people as links; the others are the plain words their author typed."""
    return _MENTION.sub(lambda found: found[0] if found[1] in visible_ids else f"{found[2]}{found[3]}", html)


def mentions_in(html: str) -> dict[str, str]:
    """Give the people stored HTML speaks to: name as it was then → public id."""
    return {unescape(found[3]): found[1] for found in _MENTION.finditer(html)}


def _pieces(html: str) -> Iterator[tuple[str, bool]]:
    """Yield tags and texts in order, and whether a text is open to mentions."""
    depth = 0
    for found in _PIECE.finditer(html):
        piece = found[0]
        if _CLOSED.match(piece):
            depth += -1 if piece[1] == "/" else 1
        yield piece, not depth and not piece.startswith("<")


def _named(name: str) -> str:
    """A pattern of the name; one written with spaces between words must end where a word ends."""
    is_word = name[-1].isalnum() and not _is_cjk(name[-1])
    return re.escape(name) + (r"(?![0-9A-Za-z\u00c0-\u024f\u0370-\u052f])" if is_word else "")


# --- before: what no body may hold -----------------------------------------------------------------------

# Embeddings, overrides and isolates would let one post reorder the page around it. Everything else that is
# invisible stays (ZWJ makes emoji, U+200E is harmless inside <bdi>).
_REORDERING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_CONTROLS = dict.fromkeys([*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xFEFF])
_UNWANTED = _REORDERING | _CONTROLS


def _tidy(body: str) -> str:
    """Make one kind of line break; drop controls; replace what cannot be encoded as UTF-8."""
    with_breaks = body.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    encodable = with_breaks.encode("utf-8", "replace").decode("utf-8")
    return encodable.translate(_UNWANTED)


# --- after: two gates ------------------------------------------------------------------------------------


def _gated(html: str) -> str:
    allowed = bleach.clean(
        html, tags=_TAGS, attributes={"a": ["href", "rel"], "ol": ["start"]}, protocols=_SCHEMES
    )
    return _last_gate(allowed)


def _last_gate(html: str) -> str:
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href"}, "ol": {"start"}},
        attribute_filter=_checked_attribute,
        url_schemes=set(_SCHEMES),
        link_rel=_LINK_REL,
    )
    # A character written as an entity or percent-encoded comes out only here.
    return clean.translate(_REORDERING)


def _checked_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if _is_safe_link(value) else None
    if name == "start":
        return value if re.fullmatch(r"[0-9]{1,9}", value) else None
    return value


def _is_safe_link(url: str) -> bool:
    """Tell whether an address is absolute, of a scheme we allow, and shows plainly where it leads."""
    if re.search(r"[\x00-\x20\x7f\\]", url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return "@" in parts.path
    # https://bank.example@evil.example/ leads to evil.example
    return parts.scheme in _SCHEMES and bool(host) and "@" not in parts.netloc


# --- addresses without brackets --------------------------------------------------------------------------

# Only ASCII: Japanese is written without spaces, so "https://example.jp/aです" must end before です.
# Characters that Markdown needs to close what it opened ([]*`<>) are left out. Only http and https: nobody
# guesses domains.
_AUTHORITY = r"[A-Za-z0-9][A-Za-z0-9.:@_-]*"
_PATH = r"(?:[/?#][A-Za-z0-9._~:/?#@!$&'()+,;=%-]*)?"
_BARE_URL = re.compile(rf"https?://{_AUTHORITY}{_PATH}", re.IGNORECASE | re.ASCII)
_BEFORE_URL = re.compile(r"(?:^|[^A-Za-z0-9+.-])(https?)\Z", re.IGNORECASE)
_TRAILING = frozenset(".,:;!?'_~&")


def _bare_urls(text: str) -> Iterator[tuple[int, str]]:
    for match in _BARE_URL.finditer(text):
        url = _trimmed(match[0])
        if _BEFORE_URL.search(text[max(0, match.start() - 1) : match.start() + 4]) and _is_safe_link(url):
            yield match.start(), url


def _trimmed(url: str) -> str:
    """Leave out the punctuation of the sentence around an address, and a bracket it did not open."""
    surplus = url.count(")") - url.count("(")
    end = len(url)
    while end and (url[end - 1] in _TRAILING or (url[end - 1] == ")" and surplus > 0)):
        surplus -= url[end - 1] == ")"
        end -= 1
    return url[:end]


def _bare_link(state: StateInline, silent: bool) -> bool:
    """Inline rule: link an address where its "://" stands."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _BEFORE_URL.search(state.src[max(0, state.pos - 6) : state.pos])
    if scheme is None or (not silent and not state.pending.endswith(scheme[1])):
        return False
    start = state.pos - len(scheme[1])
    match = _BARE_URL.match(state.src, start, state.posMax)
    url = _trimmed(match[0]) if match else ""
    if not url or not _is_safe_link(url):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[1])]
        state.push("link_open", "a", 1).attrs = {"href": url}
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos = start + len(url)
    return True


# --- emphasis beside Japanese ----------------------------------------------------------------------------


class _JapaneseInline(StateInline):
    """CommonMark's rule for `*` with two amendments for languages that write without spaces.

    CommonMark decides by punctuation whether a run of `*` opens or closes, and takes a space for granted
    outside of it. Japanese has none, so `**「研修」**です` and `**重要：**本文` stay unformatted. Here a CJK
    neighbour counts like the missing space: https://github.com/commonmark/commonmark-spec/issues/650
    A single `*` also marks footnotes (*は必須), so there only brackets are relaxed. And faces keep their
    cheeks: (*^_^*).
    """

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 - the library's names
        standard = super().scanDelims(start, canSplitWord)
        end = start + standard.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        is_single = standard.length == 1
        if is_single and _is_face(self.src[start], before, after):
            return Scanned(False, False, standard.length)
        if self.src[start] == "_" or not (_is_cjk(before) or _is_cjk(after)):
            return standard
        opens = standard.can_open or _relaxed(after, is_single, "Ps Pi")
        closes = standard.can_close or _relaxed(before, is_single, "Pe Pf")
        return Scanned(opens, closes, standard.length)


def _relaxed(inner: str, is_single: bool, brackets: str) -> bool:
    """Tell whether a CJK neighbour may excuse this character on the inner side of a run."""
    if is_single:
        return unicodedata.category(inner) in brackets
    return not isWhiteSpace(ord(inner))


def _is_cjk(character: str) -> bool:
    # Wide, full-width and half-width: https://www.unicode.org/reports/tr11/
    return unicodedata.east_asian_width(character) in ("W", "F", "H")


_EYES = frozenset("^;><.-_*'`´｀＾；・≧≦∀ﾟ゜")


def _is_face(marker: str, before: str, after: str) -> bool:
    if marker == "*":  # (*^_^*) (*´▽｀*) (*・ω・*)
        return (before in "(（" and after in _EYES) or (before in _EYES and after in ")）")
    return marker == "_" and before in _EYES and after in _EYES  # ^_^ ;_; >_<


class _JapaneseParser(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _JapaneseInline(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


# --- Markdown, tamed -------------------------------------------------------------------------------------


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return _is_safe_link(url)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the library's name
        return link  # as typed: never decoded into look-alike letters


def _shallow_quote(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    return _has_room(state) and rules_block.blockquote(state, start_line, end_line, silent)


def _shallow_list(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    return _has_room(state) and rules_block.list_block(state, start_line, end_line, silent)


def _has_room(state: StateBlock) -> bool:
    # At its own limit the parser drops the rest of the text; three levels before it (list, item, paragraph)
    # the marks simply stay visible instead.
    return bool(state.level + 3 <= MAX_NESTING)


def _image_as_link(state: StateInline, silent: bool) -> bool:
    """Inline rule: `![a](https://…)` is a link, because no page may load a picture from elsewhere."""
    if not state.src.startswith("![", state.pos):
        return False
    state.pos += 1
    if rules_inline.link(state, silent):
        return True
    state.pos -= 1
    return False


def _tame(state: StateCore) -> None:
    """Core rule: headings become bold lines; links and marks do not pile up; no link is empty."""
    in_heading = False
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            # A heading would break the outline of the page it is shown in.
            in_heading = token.nesting > 0
            token.type = token.type.replace("heading", "paragraph")
            token.tag = "p"
        elif token.type == "inline":
            children = list(_tamed(token.children or []))
            _name_empty_links(children)
            token.children = [_mark(1), *children, _mark(-1)] if in_heading else children


def _mark(nesting: int) -> Token:
    return Token("strong_open" if nesting > 0 else "strong_close", "strong", 1 if nesting > 0 else -1)


def _tamed(tokens: list[Token]) -> Iterator[Token]:
    kept: list[Token | None] = []  # the openers around this token; None for one that was dropped
    for token in tokens:
        if token.nesting > 0:
            in_link = any(opener is not None and opener.tag == "a" for opener in kept[: _MAX_MARKS + 1])
            is_lost = token.tag == "a" and (in_link or not token.attrGet("href"))
            drops = is_lost or len(kept) > _MAX_MARKS
            kept.append(None if drops else token)
            if drops:
                continue
        elif token.nesting < 0 and kept.pop() is None:
            continue
        yield token


def _name_empty_links(tokens: list[Token]) -> None:
    for index in range(len(tokens) - 2, -1, -1):
        if tokens[index].type == "link_open" and tokens[index + 1].type == "link_close":
            name = Token("text", "", 0)
            name.content = str(tokens[index].attrGet("href"))
            tokens.insert(index + 1, name)


def _build() -> MarkdownIt:
    markdown = _Markdown("js-default", {"html": False, "breaks": True, "maxNesting": MAX_NESTING})
    markdown.inline = _JapaneseParser()
    # Nobody means these: four spaces as code, a line of hyphens as a heading, [1]: as a hidden definition,
    # &copy; as ©. Tables wait until someone misses them. Images are links.
    markdown.disable(["code", "lheading", "reference", "table", "html_block"])
    markdown.disable(["entity", "html_inline", "image"])
    markdown.inline.ruler.at("linkify", _bare_link)
    markdown.inline.ruler.before("link", "image_as_link", _image_as_link)
    interrupts = ["paragraph", "reference", "blockquote"]
    markdown.block.ruler.at("blockquote", _shallow_quote, {"alt": [*interrupts, "list"]})
    markdown.block.ruler.at("list", _shallow_list, {"alt": interrupts})
    markdown.core.ruler.push("tame", _tame)
    return markdown


_MARKDOWN = _build()


def _words(token: Token) -> Iterator[str]:
    """Yield what a reader sees of a block and its children, with a space where a line or a block ends."""
    for piece in token.children or [token]:
        if piece.type in ("softbreak", "hardbreak"):
            yield " "
        elif piece.type in ("text", "code_inline", "fence"):
            yield piece.content
    yield " "
