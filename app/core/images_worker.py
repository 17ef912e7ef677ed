"""The child process that decodes one picture: bytes in on standard input, rebuilt pictures out on standard output.

core/images.py starts it by its path (`python -I images_worker.py`), so it knows nothing of the application: no
settings, no database, no secrets. What a picture made to harm can reach is this process, which is bounded and ends.

Out comes one line of JSON: `{"refused": code}`, or sizes; then the bytes of the picture and of its thumbnail.
"""

import io
import json
import os
import re
import resource
import sys
from contextlib import suppress
from typing import Any

MOST_PIXELS = 24_000_000  # security.md, uploads
LONGEST_SIDE = 1600
LONGEST_THUMBNAIL_SIDE = 480
# Measured at 24 MP: JPEG 70 MB, HEIC 220 MB, PNG 300 MB, WebP with transparency 780 MB; none took two seconds.
MOST_MEMORY_BYTES = 1024 * 1024 * 1024
MOST_CPU_SECONDS = 20
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
# By eye on photographs and on screenshots with small text; 4 is libwebp's usual balance of time and size.
QUALITY, THUMBNAIL_QUALITY, EFFORT = 82, 76, 4
# A progressive JPEG is drawn about ten times over. One of 100 KB can ask for thousands of times, each over all pixels.
MOST_SCANS = 100
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SCAN, _END = b"\xff\xda", b"\xff\xd9"


class Refused(Exception):
    """The picture cannot be taken; the text is a code of core.images."""


def bound_this_process() -> None:
    """Give up what decoding does not need: memory, time, files, priority."""
    limits = (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),  # macOS has the name but not the limit
        (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    )
    for limit, most in limits:
        with suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))
    os.nice(10)  # pages go first


def rebuilt(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The sizes and the bytes of a picture and its thumbnail, made from nothing but its pixels. Raises Refused."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    if data[4:8] == b"ftyp":
        _learn_heif()
    if data[:2] == b"\xff\xd8" and _has_endless_scans(data):
        raise Refused("unreadable")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:  # from the header; nothing is decoded yet
                raise Refused("too_many_pixels")
            picture = _pixels_of(opened)
    except Image.DecompressionBombError:
        raise Refused("too_many_pixels") from None
    full = _webp(picture, QUALITY)
    small = picture.copy()
    small.thumbnail((LONGEST_THUMBNAIL_SIDE, LONGEST_THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    thumbnail = _webp(small, THUMBNAIL_QUALITY)
    sizes = {
        "width": picture.width,
        "height": picture.height,
        "thumbnail_width": small.width,
        "thumbnail_height": small.height,
        "full_bytes": len(full),
    }
    return sizes, full + thumbnail


def _has_endless_scans(data: bytes) -> bool:
    """Whether the first picture of a JPEG has more scans than any camera writes; what its segments hold is no marker."""
    scans, place = 0, 2
    while scans <= MOST_SCANS and (found := _MARKER.search(data, place)) is not None:
        if found[0] == _END:
            return False
        scans += found[0] == _SCAN
        place = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return scans > MOST_SCANS


def _learn_heif() -> None:
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def _pixels_of(opened: Any) -> Any:
    """The first frame: small enough, upright, in sRGB, with transparency only where there is some."""
    from PIL import Image, ImageOps

    longest = (LONGEST_SIDE, LONGEST_SIDE)
    opened.draft(None, longest)  # a JPEG can be decoded at a half or a quarter: less memory, less time
    picture = _resizable(opened)
    opened.close()  # what the decoder holds is as large as the picture
    picture.thumbnail(longest, Image.Resampling.LANCZOS, reducing_gap=2.0)
    picture = _in_srgb(ImageOps.exif_transpose(picture))
    has_alpha = picture.mode == "RGBA" and picture.getextrema()[3][0] < 255
    picture = picture.convert("RGBA" if has_alpha else "RGB")
    # A new picture: what libraries carry along (EXIF, XMP, profiles, comments) has nowhere to be.
    return Image.frombytes(picture.mode, picture.size, picture.tobytes())


def _resizable(opened: Any) -> Any:
    """The picture in a mode that can be made smaller smoothly; palettes and 16 bits a sample cannot."""
    if opened.mode.startswith(("I", "F")):
        return opened.point(lambda value: value / 256).convert("L")
    if opened.mode in {"1", "P", "PA", "LA"} or "transparency" in opened.info:
        return _with_info(opened.convert("RGBA"), opened)
    return opened.copy()


def _with_info(picture: Any, source: Any) -> Any:
    picture.info.update({name: source.info[name] for name in ("exif", "icc_profile") if name in source.info})
    return picture


def _in_srgb(picture: Any) -> Any:
    """The same colours as every browser shows without a profile; a profile that cannot be read is ignored."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    return picture.convert(mode)


def _webp(picture: Any, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=EFFORT)
    return out.getvalue()


def main() -> None:
    """Answer for the picture on standard input; whatever a decoder stumbles over makes it unreadable."""
    import warnings

    from PIL import Image  # noqa: F401 - a broken installation is an error of ours, not of the picture

    warnings.simplefilter("ignore")
    bound_this_process()
    body = b""
    try:
        answer, body = rebuilt(sys.stdin.buffer.read())
    except Refused as refusal:
        answer = {"refused": str(refusal)}
    except Exception:
        answer = {"refused": "unreadable"}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + body)


if __name__ == "__main__":
    main()
