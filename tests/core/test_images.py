"""Pictures: only their pixels come through, and what is made to harm a decoder harms nobody."""

from __future__ import annotations

import base64
import io
import struct
import subprocess
import threading
import time
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from app.core import images
from app.core.i18n import LANGUAGES, speaking
from app.core.images import PictureRefused, is_picture, rebuild, refusal_sentence

CANARY = b"CANARY"
# 64 x 48, red beside blue, with EXIF, GPS and a profile; written by libheif's heif-enc, decoded by nothing else here.
HEIC = base64.b64decode(Path(__file__).with_name("tiny.heic.b64").read_text("ascii"))
RED, BLUE = (250, 20, 20), (20, 20, 250)


def _picture(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """The left half red, the right half blue."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture.convert(mode)


def _saved(picture: Image.Image, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def _is(colour: Any, wanted: tuple[int, int, int], most: int = 12) -> bool:
    return all(abs(one - other) <= most for one, other in zip(colour, wanted, strict=False))


def _exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x9003] = "CANARY-MAKER", orientation, "2026:10:05 12:00:00 CANARY"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 41.0, 22.0), 29: "CANARY-GPS"})
    return exif


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + b"CANARY-ICC"


def _png_with_words() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "CANARY-TEXT")
    words.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>CANARY-XMP</x:xmpmeta>")
    return _saved(_picture(), "PNG", pnginfo=words, exif=_exif(), icc_profile=_profile())


XMP = b"<x:xmpmeta>CANARY-XMP</x:xmpmeta>"
TELLING = {
    "jpeg": _saved(
        _picture(), "JPEG", exif=_exif(), icc_profile=_profile(), xmp=XMP, comment=b"CANARY-COMMENT"
    ),
    "png": _png_with_words(),
    "webp": _saved(_picture(), "WEBP", exif=_exif(), icc_profile=_profile(), xmp=XMP),
    "heic": HEIC,
}


@pytest.mark.parametrize("kind", TELLING)
def test_nothing_but_pixels_comes_through(kind: str) -> None:
    assert CANARY in TELLING[kind]
    picture = rebuild(TELLING[kind] + b"CANARY-TRAILING" * 100)
    for data in (picture.full, picture.thumbnail):
        assert CANARY not in data
        assert not any(mark in data for mark in (b"EXIF", b"XMP ", b"ICCP", b"Exif"))
        opened = _opened(data)
        assert opened.format == "WEBP"
        assert not opened.getexif()
        assert {"exif", "xmp", "icc_profile"} & set(opened.info) == set()
        assert _is(opened.convert("RGB").getpixel((8, 24)), RED)
        assert len(data) < 1_000
    assert picture.media_type == "image/webp"
    assert (picture.width, picture.height) == (64, 48)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(kind: str, orientation: int) -> None:
    # Turned the other way beforehand: whoever reads the mark sees red on the left.
    undone = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    upright = _picture((200, 100))
    lying = upright.transpose(undone) if undone is not None else upright
    picture = rebuild(
        _saved(lying, kind, exif=_exif(orientation), **({"quality": 95} if kind != "PNG" else {}))
    )
    assert (picture.width, picture.height) == (200, 100)
    assert _is(_opened(picture.full).convert("RGB").getpixel((20, 50)), RED)
    assert _is(_opened(picture.full).convert("RGB").getpixel((180, 50)), BLUE)


@pytest.mark.parametrize(
    ("size", "full", "thumbnail"),
    [
        ((4000, 3000), (1600, 1200), (480, 360)),
        ((3000, 4000), (1200, 1600), (360, 480)),
        ((300, 200), (300, 200), (300, 200)),
        ((9000, 2), (1600, 1), (480, 1)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_both_sizes_are_said_and_within_bounds(
    size: tuple[int, int], full: tuple[int, int], thumbnail: tuple[int, int]
) -> None:
    picture = rebuild(_saved(_picture(size), "JPEG"))
    assert (picture.width, picture.height) == _opened(picture.full).size == full
    assert (picture.thumbnail_width, picture.thumbnail_height) == _opened(picture.thumbnail).size == thumbnail


def test_transparency_is_kept_where_there_is_some() -> None:
    clear = _picture(mode="RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 32, 48))
    for data in (_saved(clear, "PNG"), _saved(clear.convert("P"), "PNG"), _saved(clear, "WEBP")):
        opened = _opened(rebuild(data).full)
        assert opened.mode == "RGBA"
        assert opened.getpixel((8, 24))[3] == 0  # type: ignore[index]
        assert opened.getpixel((56, 24))[3] == 255  # type: ignore[index]
    assert _opened(rebuild(_saved(_picture(mode="RGBA"), "PNG")).full).mode == "RGB"


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "CMYK"])
def test_every_kind_of_pixel_keeps_its_look(mode: str) -> None:
    grey = Image.new("L", (64, 48), 200)
    wanted = (255, 255, 255) if mode == "1" else (200, 200, 200)
    source = Image.new("I;16", (64, 48), 200 * 256) if mode == "I;16" else grey.convert(mode)
    data = _saved(source, "JPEG" if mode == "CMYK" else "PNG")
    assert _is(_opened(rebuild(data).full).convert("RGB").getpixel((8, 24)), wanted)


def test_colours_of_another_space_are_brought_into_the_common_one() -> None:
    # A profile whose first two colours are swapped: whoever ignores it shows red as green.
    common = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = common.index(b"rXYZ", 128), common.index(b"gXYZ", 128)
    common[red : red + 4], common[green : green + 4] = b"gXYZ", b"rXYZ"
    data = _saved(Image.new("RGB", (64, 48), (250, 20, 20)), "PNG", icc_profile=bytes(common))
    assert _is(_opened(rebuild(data).full).convert("RGB").getpixel((8, 24)), (20, 250, 20), most=40)


def test_a_profile_that_is_no_profile_is_ignored() -> None:
    data = _saved(_picture(), "PNG", icc_profile=b"not a profile")
    assert _is(_opened(rebuild(data).full).convert("RGB").getpixel((8, 24)), RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_taken(kind: str) -> None:
    still, moved = _picture(), Image.new("RGB", (64, 48), (0, 200, 0))
    data = _saved(still, kind, save_all=True, append_images=[moved, moved], duration=50)
    assert getattr(_opened(data), "n_frames", 1) > 1
    opened = _opened(rebuild(data).full)
    assert getattr(opened, "n_frames", 1) == 1
    assert _is(opened.convert("RGB").getpixel((8, 24)), RED)


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────


def _code(data: bytes) -> str:
    with pytest.raises(PictureRefused) as refusal:
        rebuild(data)
    return refusal.value.code


def _png_that_says(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))
        )

    header = struct.pack(">LLBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_24_megapixels_are_taken_and_25_are_not() -> None:
    assert rebuild(_saved(Image.new("L", (6000, 4000), 90), "JPEG")).width == 1600
    assert _code(_saved(Image.new("L", (5000, 5000), 90), "JPEG")) == "too_many_pixels"


@pytest.mark.parametrize("side", [5_000, 60_000, 2**31 - 1])
def test_a_bomb_is_refused_by_its_header_before_anything_is_unpacked(side: int) -> None:
    assert _code(_png_that_says(side, side, zlib.compress(b"\0" * 1_000_000))) in {
        "too_many_pixels",
        "unreadable",
    }


def test_a_bomb_in_a_comment_or_a_profile_harms_nobody() -> None:
    packed = zlib.compress(b"\0" * 300_000_000, 9)
    for name, content in ((b"zTXt", b"c\0\0" + packed), (b"iCCP", b"c\0\0" + packed)):
        chunk = (
            struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))
        )
        whole = _saved(_picture(), "PNG")
        with suppress(PictureRefused):
            assert len(rebuild(whole[:33] + chunk + whole[33:]).full) < 1_000


def test_a_child_that_wants_too_much_dies_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    greedy = tmp_path / "greedy.py"
    source = images.WORKER.read_text("utf-8")
    for harm in ("bytearray(3 * 1024**3)", "os.kill(os.getpid(), 9)", "os.abort()"):
        greedy.write_text(
            source.replace("answer, body = rebuilt(", f"{harm}; answer, body = rebuilt("), "utf-8"
        )
        monkeypatch.setattr(images, "WORKER", greedy)
        assert _code(TELLING["jpeg"]) == "unreadable"


def test_a_child_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sleepy = tmp_path / "sleepy.py"
    sleepy.write_text("import time\ntime.sleep(60)\n", "utf-8")
    monkeypatch.setattr(images, "WORKER", sleepy)
    monkeypatch.setattr(images, "TIMEOUT_SECONDS", 0.5)
    assert _code(TELLING["jpeg"]) == "unreadable"


def test_a_broken_installation_is_not_blamed_on_the_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module\n", "utf-8")
    monkeypatch.setattr(images, "WORKER", broken)
    with pytest.raises(RuntimeError, match="no_such_module"):
        rebuild(TELLING["jpeg"])


def test_the_child_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    curious = tmp_path / "curious.py"
    curious.write_text(
        "import os, sys; sys.exit(','.join(sorted(os.environ)) + '/' + os.pathsep.join(sys.path))"
    )
    monkeypatch.setattr(images, "WORKER", curious)
    monkeypatch.setenv("TSUBOMI_SECRET_KEY", "secret")
    with pytest.raises(RuntimeError) as told:
        rebuild(TELLING["jpeg"])
    assert "TSUBOMI" not in str(told.value)
    assert str(Path.cwd()) not in str(told.value).partition("/")[2].split(":")


@pytest.mark.parametrize("kind", TELLING)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_picture_that_was_cut_off_is_unreadable(kind: str, share: float) -> None:
    noisy = Image.effect_noise((300, 200), 60).convert("RGB")
    whole = HEIC if kind == "heic" else _saved(noisy, kind.upper())
    assert _code(whole[: int(len(whole) * share)]) == "unreadable"


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("CANARY.exe", b"MZ CANARY")
    return out.getvalue()


@pytest.mark.parametrize("kind", TELLING)
def test_an_archive_behind_a_picture_is_left_behind(kind: str) -> None:
    both = TELLING[kind] + _archive()
    assert zipfile.is_zipfile(io.BytesIO(both))
    picture = rebuild(both)
    for data in (picture.full, picture.thumbnail):
        assert not zipfile.is_zipfile(io.BytesIO(data))
        assert b"MZ" not in data


NOT_PICTURES = {
    "a GIF that is a script": b"GIF89a/*\x01\x00\x01\x00*/=1;alert('CANARY');",
    "a GIF": _saved(_picture(), "GIF"),
    "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "an SVG behind a mark": b"\xef\xbb\xbf<?xml version='1.0'?><svg/>",
    "a PDF": b"%PDF-1.7\n%%EOF",
    "a program": b"MZ\x90\x00" + b"\0" * 200,
    "another program": b"\x7fELF" + b"\0" * 200,
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a TIFF": _saved(_picture(), "TIFF"),
    "a BMP": _saved(_picture(), "BMP"),
    "a film": b"\0\0\0\x18ftypmp42" + b"\0" * 200,
    "an AVIF": b"\0\0\0\x1cftypavif" + b"\0" * 200,
    "an archive": _archive(),
    "nothing": b"",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
}


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_is_no_picture_is_refused_whatever_it_is_called(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", None)  # no decoder is even started
    assert not is_picture(NOT_PICTURES[name][:12])
    assert _code(NOT_PICTURES[name]) == "not_a_picture"


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP", b"\0\0\0\x18ftypheic"]
)
def test_the_head_of_a_picture_on_something_else_is_unreadable(head: bytes) -> None:
    assert _code(head + b"<script>alert(1)</script>" * 40) == "unreadable"


def test_more_than_ten_megabytes_are_refused_before_a_decoder_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert _code(TELLING["jpeg"] + b"\0" * images.MOST_BYTES) == "too_large"


def test_every_refusal_says_what_happened_and_what_now() -> None:
    for code in ("too_large", "too_many_pixels", "not_a_picture", "unreadable", "from a newer program"):
        said = {}
        for language in LANGUAGES:
            with speaking(language):
                said[language] = str(refusal_sentence(code))
        assert said["ja"].endswith("お選びください。")
        assert str(PictureRefused(code)) == said["ja"]


def test_two_pictures_at_most_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    most: list[int] = []
    really = subprocess.run

    def counted(*args: Any, **kwargs: Any) -> Any:
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        try:
            return really(*args, **kwargs)
        finally:
            running.pop()

    monkeypatch.setattr(subprocess, "run", counted)
    threads = [threading.Thread(target=rebuild, args=(TELLING["jpeg"],)) for _each in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 5
    assert max(most) == 2


def test_a_start_does_not_load_what_decodes_pictures() -> None:
    import sys

    wanted = (
        "import sys, app, app.core.images, app.core.push, app.core.calendar; print(','.join(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", wanted], capture_output=True, check=True, text=True).stdout
    assert {"PIL", "pi_heif", "pywebpush", "aiohttp", "jpholiday"} & set(loaded.strip().split(",")) == set()
