"""Pictures rebuilt from their pixels: upright, small, in sRGB, without a word about who took them where.

Decoding happens in a child process with limits (core/images_worker.py): what is made to harm a decoder harms that
process only. It takes a tenth of a second to some seconds, so call it in a job, never in a page view or an operation.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import Sentence
from .i18n import _

MOST_BYTES = 10 * 1024 * 1024  # security.md, uploads
MEDIA_TYPE = (
    "image/webp"  # every browser since Safari 14 (2020); keeps transparency; a third smaller than JPEG
)
# The child ends by its own limit of processor time long before; and well under the lease of a delivery.
TIMEOUT_SECONDS = 45
WORKER = Path(__file__).with_name("images_worker.py")

_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_SENTENCES: dict[str, str] = {
    "too_large": _("画像は10 MBまでです。小さくしてから、もう一度お選びください。"),
    "too_many_pixels": _("画像は2,400万画素までです。小さくしてから、もう一度お選びください。"),
    "not_a_picture": _(
        "この形式の画像は受け付けていません。JPEG・PNG・WebP・HEICのいずれかでお選びください。"
    ),
    "unreadable": _(
        "画像が途中で切れているか、壊れているため読み取れませんでした。元の画像をもう一度お選びください。"
    ),
}
# A picture of 24 MP takes 70 to 300 MB for a moment, at worst 780: two of them at once, whoever asks.
_turns = threading.BoundedSemaphore(2)


class PictureRefused(ValueError):
    """The picture cannot be taken. `code` is short and may be stored; `sentence` says why and what now."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def sentence(self) -> Sentence:
        """Why, and what now, in the language spoken when it is shown."""
        return refusal_sentence(self.code)

    def __str__(self) -> str:
        return str(self.sentence)


@dataclass(frozen=True)
class Picture:
    """A rebuilt picture, its longest side at most 1600 px, and its thumbnail of at most 480 px; sizes in pixels."""

    full: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)
    width: int
    height: int
    thumbnail_width: int
    thumbnail_height: int
    media_type: str = MEDIA_TYPE


def refusal_sentence(code: str) -> Sentence:
    """The sentence of a stored code; one that a newer program wrote reads as unreadable."""
    return _SENTENCES.get(code, _SENTENCES["unreadable"])


def is_picture(head: bytes) -> bool:
    """Whether a file begins like a JPEG, PNG, WebP or HEIC; its first 12 bytes are enough, its name says nothing."""
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS)
    )


def rebuild(data: bytes) -> Picture:
    """The picture and its thumbnail, from nothing but the pixels of the first frame.

    Raises PictureRefused for a picture that cannot be taken however often it is tried, and OSError or RuntimeError
    where this machine is at fault and another try may help.
    """
    if len(data) > MOST_BYTES:
        raise PictureRefused("too_large")
    if not is_picture(data[:12]):
        raise PictureRefused("not_a_picture")
    with _turns:
        answer, body = _decoded_by_a_child(data)
    if "refused" in answer:
        raise PictureRefused(str(answer["refused"]))
    length = answer.pop("full_bytes")
    return Picture(body[:length], body[length:], **answer)


def _decoded_by_a_child(data: bytes) -> tuple[dict[str, Any], bytes]:
    # -I: neither the working folder nor PYTHON* variables; an empty environment: none of our secrets.
    command = [sys.executable, "-I", str(WORKER)]
    try:
        child = subprocess.run(  # noqa: S603 - our own file, no shell, nothing of the picture in the command
            command, input=data, capture_output=True, timeout=TIMEOUT_SECONDS, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        raise PictureRefused("unreadable") from None
    if child.returncode < 0:  # ended by a limit, or by a fault of a decoder
        raise PictureRefused("unreadable")
    if child.returncode > 0:
        last = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"the picture worker failed: {last}")
    line, _end, body = child.stdout.partition(b"\n")
    answer: dict[str, Any] = json.loads(line)
    return answer, body
