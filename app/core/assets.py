"""The static files, read once: one hash in every address, kept for ever by browsers.

The hash covers the whole tree, so a changed file changes every address and a release never mixes with the
one before it. JavaScript modules import each other by relative paths and inherit the hash from the page.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import brotli  # type: ignore[import-untyped]
from werkzeug.http import parse_accept_header, parse_etags
from werkzeug.wrappers import Response

DIGEST_LENGTH = 8  # 32 bits: enough to tell releases apart, and a page names it a hundred times
SHEET = "css/app.css"
ONE_YEAR = "public, max-age=31536000, immutable"  # RFC 8246

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_COMPRESSED_ALREADY = {".png", ".webp", ".ico", ".woff2"}
_LAYERED_IMPORT = re.compile(r'@import "([\w./-]+)" layer\(([\w-]+)\);')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: bytes, content type and the tag that names exactly these bytes."""

    body: bytes = field(repr=False)
    content_type: str
    etag: str
    is_compressible: bool

    @cached_property
    def gzip(self) -> bytes:
        """The body at gzip's best level, made once."""
        return gzip.compress(self.body, 9, mtime=0)

    @cached_property
    def brotli(self) -> bytes:
        """The body at brotli's best level, made once."""
        return bytes(brotli.compress(self.body))

    def encoded(self, accept_encoding: str) -> tuple[bytes, str | None]:
        """The smallest form this client reads, and the name of its encoding (None: as it is)."""
        if self.is_compressible:
            wanted = parse_accept_header(accept_encoding)
            for name in ("br", "gzip"):
                if wanted.quality(name) > 0:
                    return (self.brotli if name == "br" else self.gzip), name
        return self.body, None


class Assets:
    """Everything below one folder, in memory."""

    def __init__(self, folder: Path) -> None:
        """Read the tree. Raises FileNotFoundError if the sheet imports a file that is not there."""
        bodies = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _TYPES
        }
        self.digest = _tree_hash(bodies)
        if SHEET in bodies:
            bodies[SHEET] = one_sheet(folder / SHEET).encode()
        self._assets = {path: _asset(path, body) for path, body in bodies.items()}

    def url(self, path: str) -> str:
        """The address of a file, such as /static/<hash>/css/app.css. Raises KeyError for an unknown one."""
        if path not in self._assets:
            raise KeyError(f"static/{path} does not exist")
        return f"/static/{self.digest}/{path}"

    def find(self, digest: str, path: str) -> Asset | None:
        """The file at this address, or None: another release's hash is as unknown as another path."""
        return self._assets.get(path) if digest == self.digest else None

    @staticmethod
    def response(asset: Asset, accept_encoding: str = "", if_none_match: str = "") -> Response:
        """Send a file in the smallest form the client reads, or 304 where it holds these bytes already."""
        body, encoding = asset.encoded(accept_encoding)
        etag = f"{asset.etag}-{encoding}" if encoding else asset.etag
        answer = Response(body, content_type=asset.content_type)
        answer.headers["Cache-Control"] = ONE_YEAR
        answer.set_etag(etag)
        if asset.is_compressible:
            answer.vary.add("Accept-Encoding")
        if encoding:
            answer.headers["Content-Encoding"] = encoding
        if parse_etags(if_none_match).contains_weak(etag):
            answer.status_code = 304
            answer.set_data(b"")
        return answer


def one_sheet(path: Path) -> str:
    """A sheet with its layered imports put in place and its comments and indents taken out."""

    def in_place(found: re.Match[str]) -> str:
        name, layer = found.groups()
        return f"@layer {layer} {{\n{(path.parent / name).read_text('utf-8')}\n}}"

    sheet = _COMMENT.sub("", _LAYERED_IMPORT.sub(in_place, path.read_text("utf-8")))
    return "\n".join(line.strip() for line in sheet.splitlines() if line.strip())


def _tree_hash(bodies: dict[str, bytes]) -> str:
    """One name for the whole tree: paths and contents, each with its length before it."""
    digest = hashlib.sha256()
    for path, body in bodies.items():
        for part in (path.encode(), body):
            digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()[:DIGEST_LENGTH]


def _asset(path: str, body: bytes) -> Asset:
    suffix = Path(path).suffix
    return Asset(
        body=body,
        content_type=_TYPES[suffix],
        etag=hashlib.sha256(body).hexdigest()[:16],
        is_compressible=suffix not in _COMPRESSED_ALREADY,
    )
