"""Draw static/img/stamps.svg: the eight stamps of トーク, one つぼみ in eight moods.

A drawing is 96 × 96 units and holds no words: those stand below it, in the language of the page. The colours are
those of buds.svg and keep their shape on paper and at night. The same program draws the same file.

    python tools/draw_stamps.py
"""

from __future__ import annotations

from pathlib import Path

SPRITE = Path(__file__).resolve().parent.parent / "static" / "img" / "stamps.svg"
STEM, LEAF, LEAF_DARK = "#4f7a57", "#5f9266", "#3f6b4b"
FRONT, BEHIND, CHEEK, INK = "#e0688a", "#c64a70", "#f4a9bd", "#4a2b33"
GOLD, PAPER, SKY, TEA = "#f2b632", "#fffaf3", "#a9cbe4", "#8f6b4a"


def shape(parts: str, fill: str, place: str = "") -> str:
    """A filled path, perhaps moved or turned."""
    return f'<path fill="{fill}"{f" transform={chr(34)}{place}{chr(34)}" if place else ""} d="{parts}"/>'


def line(parts: str, stroke: str = INK, width: float = 2.6) -> str:
    """A line with round ends."""
    return f'<path fill="none" stroke="{stroke}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round" d="{parts}"/>'


def dot(x: float, y: float, radius: float, fill: str) -> str:
    """A round spot."""
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}"/>'


def arm(x: float, y: float, turn: float, fill: str = LEAF) -> str:
    """A leaf that points up until it is turned."""
    return shape("M0 0C-9 -7 -7 -19 0 -26C7 -19 9 -7 0 0Z", fill, f"translate({x} {y})rotate({turn})")


EYES = dot(40, 45, 2.6, INK) + dot(56, 45, 2.6, INK)
CALM = line("M37 45q3 3 6 0M53 45q3 3 6 0")
GLAD = line("M37 46q3 -4 6 0M53 46q3 -4 6 0")
SMILE = line("M44 51q4 4 8 0")
OPEN = shape("M43 50h10q-1 7 -5 7t-5 -7Z", INK)


def bud(face: str, tilt: float = 0) -> str:
    """The つぼみ itself: two petals behind, one in front with a face, and what holds them."""
    petals = (
        shape("M48 70C20 62 24 30 38 20C44 30 47 44 48 70Z", BEHIND)
        + shape("M48 70C76 62 72 30 58 20C52 30 49 44 48 70Z", BEHIND)
        + shape("M48 72C24 66 27 34 48 14C69 34 72 66 48 72Z", FRONT)
    )
    cheeks = dot(36, 51, 3, CHEEK) + dot(60, 51, 3, CHEEK)
    cup = shape("M31 64Q48 58 65 64Q62 76 48 76Q34 76 31 64Z", LEAF_DARK)
    turned = f'<g transform="rotate({tilt} 48 76)">{petals}{cheeks}{face}{cup}</g>'
    return line("M48 74V92", STEM, 5) + turned


def arms(left: float, right: float) -> str:
    """Both leaves; 0 points up, outwards is away from the middle."""
    return arm(47, 82, -left) + arm(49, 82, right)


def heart(x: float, y: float, size: float) -> str:
    """A small heart."""
    return shape(
        "M0 3C-5 -1 -5 -6 -2.2 -6C-.8 -6 0 -4.6 0 -4C0 -4.6 .8 -6 2.2 -6C5 -6 5 -1 0 3Z",
        BEHIND,
        f"translate({x} {y})scale({size})",
    )


PETAL = "M48 46C34 38 36 18 48 12C60 18 62 38 48 46Z"
DRAWINGS = {
    "hello": bud(EYES + SMILE, -6)
    + arm(47, 82, -78)
    + arm(56, 80, 48)
    + line("M80 44q5 4 5 10M86 38q8 6 8 16", GOLD),
    "understood": bud(GLAD + SMILE)
    + arms(72, 72)
    + dot(76, 26, 13, LEAF)
    + line("M70 26l4.5 4.5L83 21", PAPER, 3.4),
    "thanks": bud(CALM + SMILE, 14)
    + arms(84, 62)
    + heart(20, 34, 1.7)
    + heart(32, 18, 1.2)
    + heart(14, 54, 1),
    "join": bud(EYES + OPEN)
    + arm(36, 78, -38)
    + arm(60, 78, 38)
    + line("M20 30l-6 -6M14 44H6M76 30l6 -6M82 44h8", GOLD),
    "thinking": bud(dot(41, 43, 2.6, INK) + dot(57, 43, 2.6, INK) + line("M45 53h7"), 8)
    + arms(76, 70)
    + dot(22, 40, 2.5, SKY)
    + dot(17, 31, 4, SKY)
    + shape("M6 16a8 8 0 0 1 9 -9a9 9 0 0 1 16 2a7 7 0 0 1 -1 13H12a6.500 6.500 0 0 1 -6 -6Z", SKY)
    + dot(13, 14, 1.6, PAPER)
    + dot(19, 14, 1.6, PAPER)
    + dot(25, 14, 1.6, PAPER),
    "later": bud(EYES + SMILE, -8)
    + arm(47, 82, -76)
    + arm(54, 80, 60)
    + shape("M66 48h24a3 3 0 0 1 3 3v15a3 3 0 0 1 -3 3H66a3 3 0 0 1 -3 -3V51a3 3 0 0 1 3 -3Z", PAPER)
    + line(
        "M66 48h24a3 3 0 0 1 3 3v15a3 3 0 0 1 -3 3H66a3 3 0 0 1 -3 -3V51a3 3 0 0 1 3 -3ZM64 50l14 11l14 -11",
        TEA,
        2,
    ),
    "well_done": bud(CALM + SMILE)
    + arms(74, 74)
    + shape("M68 62h20v8a8 8 0 0 1 -8 8h-4a8 8 0 0 1 -8 -8Z", PAPER)
    + line(
        "M68 62h20v8a8 8 0 0 1 -8 8h-4a8 8 0 0 1 -8 -8ZM88 65q6 0 5 4t-6 4M74 56q-3 -4 0 -7t0 -7M82 56q-3 -4 0 -7t0 -7",
        TEA,
        2,
    ),
    "congrats": line("M48 60V92", STEM, 5)
    + arms(66, 66)
    + "".join(
        shape(PETAL, FRONT if turn % 144 else BEHIND, f"rotate({turn} 48 46)") for turn in range(0, 360, 72)
    )
    + dot(48, 46, 14, GOLD)
    + dot(43, 44, 2, INK)
    + dot(53, 44, 2, INK)
    + line("M44 50q4 4 8 0", INK, 2.2)
    + dot(14, 20, 3, SKY)
    + dot(84, 24, 3, LEAF)
    + dot(10, 58, 2.5, GOLD)
    + dot(88, 60, 2.5, CHEEK)
    + line("M22 8l3 5M74 8l-3 5", GOLD),
}


def main() -> None:
    """Write the sprite."""
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 96 96">{drawing}</symbol>' for name, drawing in DRAWINGS.items()
    ]
    SPRITE.write_text(
        "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""]), "utf-8"
    )
    print(f"{SPRITE.name}: {len(symbols)} stamps")


if __name__ == "__main__":
    main()
