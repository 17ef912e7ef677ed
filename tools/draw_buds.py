"""Draw static/img/buds.svg: the 48 つぼみ people choose from, each its own in shape and colour.

Sixteen kinds, each as a bud, half open and open. A drawing is 64 × 64 units on a round tint; it is made of
few large shapes, because it is mostly seen at 24 to 40 pixels. The same input draws the same file.

    python tools/draw_buds.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path

SPRITE = Path(__file__).resolve().parent.parent / "static" / "img" / "buds.svg"
STEM = "#4f7a57"
LEAF = "#5f9266"
LEAF_DARK = "#3f6b4b"
TWIG = "#6b4a3f"
GOLD = "#f2b632"

Petal = Callable[[float, float], str]


@dataclass(frozen=True)
class Look:
    """The colours of one drawing: petals in front, petals behind, the heart, the tint of the ground."""

    front: str
    behind: str
    heart: str
    ground: str
    tilt: int = 0


@dataclass(frozen=True)
class Kind:
    """One kind of flower and its three looks: bud, half open, open."""

    name: str
    draw: Callable[[Look, int], str]
    looks: tuple[Look, Look, Look]


# ---------------------------------------------------------------- strokes


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    short = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def path(parts: str, fill: str, turn: float = 0, at: tuple[float, float] = (0, 0)) -> str:
    """A filled path, turned around its own origin and moved to `at`."""
    move = f"translate({number(at[0])} {number(at[1])})" if at != (0, 0) else ""
    rotate = f"rotate({number(turn)})" if turn else ""
    place = f' transform="{move}{rotate}"' if move or rotate else ""
    return f'<path fill="{fill}"{place} d="{parts}"/>'


def line(parts: str, colour: str, width: float) -> str:
    """An open stroke with round ends."""
    return f'<path fill="none" stroke="{colour}" stroke-width="{number(width)}" stroke-linecap="round" d="{parts}"/>'


def dot(x: float, y: float, radius: float, fill: str) -> str:
    """A filled circle."""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}"/>'


def curve(*points: float) -> str:
    """The numbers of a path command, short."""
    return " ".join(number(point) for point in points)


# ---------------------------------------------------------------- petals: origin at the foot, tip upwards


def round_petal(length: float, width: float) -> str:
    """A full, round petal (ume, camellia)."""
    n, w = length, width
    return f"M0 0C{curve(-w * 1.25, -n * 0.3, -w, -n, 0, -n)}C{curve(w, -n, w * 1.25, -n * 0.3, 0, 0)}Z"


def notched_petal(length: float, width: float) -> str:
    """A petal with a cut in its tip (sakura, cosmos)."""
    n, w = length, width
    left = f"C{curve(-w * 1.3, -n * 0.35, -w, -n * 0.98, -w * 0.36, -n)}"
    right = f"C{curve(w, -n * 0.98, w * 1.3, -n * 0.35, 0, 0)}"
    return f"M0 0{left}L{curve(0, -n * 0.82)}L{curve(w * 0.36, -n)}{right}Z"


def pointed_petal(length: float, width: float) -> str:
    """A petal that ends in a point (lotus, lily)."""
    n, w = length, width
    return f"M0 0C{curve(-w * 1.3, -n * 0.35, -w * 0.7, -n * 0.75, 0, -n)}C{curve(w * 0.7, -n * 0.75, w * 1.3, -n * 0.35, 0, 0)}Z"


def square_petal(length: float, width: float) -> str:
    """A broad petal with a flat brim (poppy, hydrangea)."""
    n, w = length, width
    return f"M0 0L{curve(-w, -n * 0.62)}Q{curve(-w, -n, 0, -n)}Q{curve(w, -n, w, -n * 0.62)}Z"


def ring(petal: str, count: int, fill: str, at: tuple[float, float], start: float = 0) -> str:
    """The same petal all around a point."""
    return "".join(path(petal, fill, start + turn * 360 / count, at) for turn in range(count))


def fan(petal: str, turns: Sequence[float], fill: str, at: tuple[float, float]) -> str:
    """The same petal at the turns given, in this order."""
    return "".join(path(petal, fill, turn, at) for turn in turns)


def leaf(x: float, y: float, turn: float, length: float = 16, width: float = 5, fill: str = LEAF) -> str:
    """One leaf with its foot at (x, y)."""
    return path(pointed_petal(length, width), fill, turn, (x, y))


def stamens(at: tuple[float, float], count: int, reach: float, colour: str) -> str:
    """Fine threads with a grain at each end."""
    x, y = at
    ends = [(x + reach * sin(2 * pi * i / count), y - reach * cos(2 * pi * i / count)) for i in range(count)]
    threads = line("".join(f"M{curve(x, y)}L{curve(*end)}" for end in ends), colour, 1.2)
    return threads + "".join(dot(*end, 1.5, colour) for end in ends)


# ---------------------------------------------------------------- kinds that share one build


@dataclass(frozen=True)
class Flower:
    """A kind that closes, opens and faces us in the usual way. Lengths are in units of the drawing, turns in degrees."""

    petal: Petal
    count: int
    length: float
    width: float
    layers: int = 1
    heart: float = 5
    threads: int = 0
    is_on_twig: bool = False
    leaf_turns: Sequence[float] = (-62, 58)
    leaf_size: tuple[float, float] = (17, 5.5)

    def __call__(self, look: Look, stage: int) -> str:
        """The bud (0), half open (1) or open (2)."""
        return self.facing(look) if stage == 2 else self.from_side(look, 17 if stage == 0 else 36)

    def stalk(self) -> str:
        """What it stands on: a twig, or a stem with two leaves."""
        if self.is_on_twig:
            return line("M6 56Q24 54 32 44M20 53L13 44", TWIG, 3.4) + dot(13, 43, 3, LEAF_DARK)
        leaves = "".join(leaf(32, 58, turn, *self.leaf_size) for turn in self.leaf_turns)
        return line("M32 40V66", STEM, 3) + leaves

    def from_side(self, look: Look, spread: float) -> str:
        """Petals in a cup; `spread` is how far the outer ones lean out."""
        foot = (32.0, 44.0)
        is_opening = spread >= 30
        tall, broad = self.length * 1.12, self.width * (0.92 if is_opening else 0.8)
        behind = fan(self.petal(tall, broad), (-spread, spread), look.behind, foot)
        if is_opening:
            outer = fan(self.petal(tall * 0.92, broad), (-spread * 1.45, spread * 1.45), look.behind, foot)
            inner = fan(self.petal(tall * 0.95, broad), (-spread * 0.55, spread * 0.55), look.front, foot)
            behind = outer + behind + inner
        front = path(self.petal(tall * 0.96, broad * (0.9 if is_opening else 1.25)), look.front, 0, foot)
        cup = path(round_petal(9, 6), TWIG if self.is_on_twig else LEAF_DARK, 0, (32, 49))
        return self.stalk() + behind + front + cup

    def facing(self, look: Look) -> str:
        """The open flower from the front, layer upon layer, each turned by half a petal."""
        centre = (32.0, 31.0)
        turns = () if self.is_on_twig else self.leaf_turns
        parts = [leaf(32, 40, turn * 2, 24, 7) for turn in turns]
        for layer in range(self.layers):
            scale = 1 - layer * 0.27
            fill = look.behind if layer % 2 == 0 and self.layers > 1 else look.front
            petal = self.petal(self.length * scale, self.width * scale)
            parts.append(ring(petal, self.count, fill, centre, layer * 180 / self.count))
        if self.threads:
            parts.append(stamens(centre, self.threads, self.length * 0.5, look.heart))
        return "".join([*parts, dot(*centre, self.heart, look.heart)])


# ---------------------------------------------------------------- kinds with a build of their own


def tulip(look: Look, stage: int) -> str:
    """A cup on a straight stem; open, the cup shows its inside."""
    leaves = leaf(32, 64, -24, 30, 6) + leaf(32, 64, 26, 26, 6, LEAF_DARK)
    stem = line("M32 40V66", STEM, 3.2) + leaves
    if stage == 0:
        cup = path("M32 45C19 45 19 28 32 13C45 28 45 45 32 45Z", look.front)
        return stem + cup + path("M32 45C25 40 25 27 32 13C34 26 36 38 32 45Z", look.behind)
    if stage == 1:
        back = path("M32 44C24 36 26 18 32 10C38 18 40 36 32 44Z", look.behind)
        sides = path(
            "M32 46C15 46 15 28 19 14C28 20 34 32 32 46ZM32 46C49 46 49 28 45 14C36 20 30 32 32 46Z",
            look.front,
        )
        return stem + back + sides
    bowl = path("M12 22Q32 34 52 22Q52 46 32 47Q12 46 12 22Z", look.front)
    inside = path("M12 22Q16 14 22 20Q32 6 42 20Q48 14 52 22Q32 34 12 22Z", look.behind)
    return stem + inside + stamens((32, 27), 5, 5, look.heart) + bowl


def hydrangea(look: Look, stage: int) -> str:
    """A ball of small four-petalled flowers over broad leaves."""
    spots = [(32, 20), (19, 26), (45, 26), (25, 36), (39, 36), (32, 29), (14, 36), (50, 36)]
    size = (5.6, 7.2, 9.2)[stage]
    count = (6, 8, 8)[stage]
    parts = [leaf(32, 46, -105, 26, 9), leaf(32, 46, 105, 26, 9, LEAF_DARK), line("M32 40V66", STEM, 3.2)]
    for index, spot in enumerate(spots[:count]):
        fill = look.front if index % 2 else look.behind
        parts.append(ring(square_petal(size, size * 0.52), 4, fill, spot, 45 if index % 3 else 0))
        parts.append(dot(*spot, 1.6, look.heart))
    return "".join(parts)


def lily_of_the_valley(look: Look, stage: int) -> str:
    """Bells in a row on a bent stem, beside one broad leaf."""
    stem = line("M24 64C22 40 26 18 46 14", STEM, 2.6)
    bell = "M-5 0Q-5 -8 0 -8Q5 -8 5 0Q6 2 7 3Q3 4 0 3Q-3 4 -7 3Q-6 2 -5 0Z"
    places = [(46, 26, 0), (36, 31, 0), (29, 41, 0), (52, 20, -8)]
    count, scale = ((2, 0.9), (3, 1.05), (4, 1.15))[stage]
    bells = "".join(
        f'<g transform="translate({x} {y})rotate({turn})scale({scale})">{path(bell, look.front)}{dot(0, 3.4, 1.5, look.heart)}</g>'
        for x, y, turn in places[:count]
    )
    return (
        leaf(24, 66, -20 - stage * 4, 46, 9) + leaf(24, 66, 34, 24 + 4 * stage, 6, LEAF_DARK) + stem + bells
    )


def morning_glory(look: Look, stage: int) -> str:
    """A twisted bud, a trumpet, and the round face with its star."""
    vine = line("M10 60C22 58 24 50 30 46", STEM, 2.8) + path(
        "M12 50Q2 44 8 36Q14 40 18 36Q26 42 18 50Z", LEAF
    )
    if stage == 0:
        bud = path("M30 48C24 36 38 24 48 10C50 26 46 42 30 48Z", look.front)
        return vine + bud + line("M32 44C36 34 44 24 47 14", look.behind, 2.4)
    if stage == 1:
        trumpet = path("M28 50C30 40 28 28 16 22Q34 4 54 20Q46 34 34 50Z", look.front)
        return vine + trumpet + path("M16 22Q34 4 54 20Q36 32 16 22Z", look.behind)
    face = dot(32, 30, 21, look.front) + dot(32, 30, 19, look.behind)
    star = ring(pointed_petal(19, 3.4), 5, look.front, (32, 30))
    return (
        leaf(32, 46, -130, 24, 9)
        + leaf(32, 46, 130, 24, 9, LEAF_DARK)
        + face
        + star
        + dot(32, 30, 5, look.heart)
    )


def wisteria(look: Look, stage: int) -> str:
    """A hanging cluster that grows longer as it opens."""
    rows = ((3, 2, 1), (3, 3, 2, 1), (4, 4, 3, 2, 1))[stage]
    top = (26, 21, 17)[stage]
    parts = [
        line("M8 10Q32 4 56 12M32 8V18", TWIG, 3),
        leaf(20, 9, -120, 16, 5),
        leaf(46, 9, 120, 16, 5, LEAF_DARK),
    ]
    for row, count in enumerate(rows):
        for place in range(count):
            x = 32 + (place - (count - 1) / 2) * 9
            fill = look.front if (row + place) % 2 else look.behind
            parts.append(dot(x, top + row * 8.6, 5.4, fill))
            parts.append(dot(x, top + row * 8.6 - 1.5, 1.6, look.heart))
    return "".join(parts)


def dandelion(look: Look, stage: int) -> str:
    """Closed, golden, and the clock whose seeds fly."""
    jagged = "M0 0L-4 -6L-9 -5L-7 -11L-12 -13L-6 -18L0 -26L6 -18L12 -13L7 -11L9 -5L4 -6Z"
    stem = (
        line("M32 38Q34 52 32 66", STEM, 2.8)
        + path(jagged, LEAF, -72, (32, 64))
        + path(jagged, LEAF_DARK, 72, (32, 64))
    )
    if stage == 0:
        cup = path(round_petal(22, 9), LEAF_DARK, 0, (32, 44))
        return stem + fan(pointed_petal(27, 4), (-14, 14, 0), look.front, (32, 42)) + cup
    if stage == 1:
        return (
            stem
            + ring(round_petal(19, 3), 16, look.behind, (32, 27))
            + ring(round_petal(12, 3), 12, look.front, (32, 27), 11)
            + dot(32, 27, 3.4, look.heart)
        )
    rays = "".join(f"M32 26L{curve(32 + 17 * sin(i * pi / 8), 26 - 17 * cos(i * pi / 8))}" for i in range(16))
    seeds = "".join(
        dot(32 + 17 * sin(i * pi / 8), 26 - 17 * cos(i * pi / 8), 2.5, look.front) for i in range(16)
    )
    return stem + line(rays, look.behind, 1.4) + seeds + dot(32, 26, 4.4, look.heart)


def bellflower(look: Look, stage: int) -> str:
    """The balloon, the bell and the five-pointed star of the kikyō."""
    star = "M0 -23Q3 -9 10 -8Q16 -10 22 -7Q14 1 13 6Q12 12 14 19Q5 13 0 13Q-5 13 -14 19Q-12 12 -13 6Q-14 1 -22 -7Q-16 -10 -10 -8Q-3 -9 0 -23Z"
    stem = line("M32 44V66", STEM, 3) + leaf(32, 60, -58, 18, 5) + leaf(32, 54, 60, 16, 5, LEAF_DARK)
    if stage == 0:
        return (
            stem
            + path("M32 48L16 36L20 18L32 10L44 18L48 36Z", look.front)
            + path("M32 48L26 30L32 10L38 30Z", look.behind)
        )
    if stage == 1:
        bell = path("M32 48C18 48 18 34 13 16L25 21L32 11L39 21L51 16C46 34 46 48 32 48Z", look.front)
        return stem + bell + path("M32 48C26 40 27 24 32 11C37 24 38 40 32 48Z", look.behind)
    veins = line("M32 31V13M32 31L50 26M32 31L43 45M32 31L21 45M32 31L14 26", look.behind, 1.8)
    return (
        leaf(32, 40, -150, 24, 7)
        + leaf(32, 40, 150, 24, 7, LEAF_DARK)
        + path(star, look.front, 0, (32, 32))
        + veins
        + dot(32, 31, 4.5, look.heart)
    )


def pansy(look: Look, stage: int) -> str:
    """A nodding bud, two ears, and the face with its beard."""
    stem = line("M38 66C38 50 40 34 32 26", STEM, 2.8) + path("M38 62Q20 62 18 48Q32 46 38 62Z", LEAF)
    if stage == 0:
        return (
            stem
            + path(round_petal(26, 9), look.front, 205, (34, 20))
            + path(round_petal(22, 4.5), look.behind, 200, (34, 20))
            + path(round_petal(10, 6), LEAF_DARK, 205, (36, 16))
        )
    top = fan(round_petal(21, 11), (-32, 32), look.behind, (32, 31))
    low = fan(round_petal(19, 10), (-104, 104), look.front, (32, 30))
    lip = path(round_petal(22, 14), look.front, 180, (32, 28))
    if stage == 1:
        return (
            stem + top + path(round_petal(17, 11), look.front, 180, (32, 27)) + dot(32, 30, 3.5, look.heart)
        )
    whiskers = line("M32 32V43M29 32L25 41M35 32L39 41M28 30L19 31M36 30L45 31", "#3b2450", 1.8)
    return (
        leaf(32, 42, 150, 24, 8, LEAF_DARK)
        + leaf(32, 42, -150, 24, 8)
        + top
        + low
        + lip
        + whiskers
        + dot(32, 30, 3.6, look.heart)
    )


# ---------------------------------------------------------------- the sixteen

INK, NAVY, FOREST, WINE, CLAY = "#3b3a45", "#2f4468", "#2f5a4a", "#6d2f45", "#8a4b38"
ROSE, PEACH, SAND, LEMON, MINT, SKY, LILAC, STONE, AQUA, LIME = (
    "#f8d9df",
    "#fbdcc8",
    "#efe2cc",
    "#faecb4",
    "#d3ecdc",
    "#d0e5f4",
    "#e2daf3",
    "#e3e1dd",
    "#c5e7e6",
    "#e2ecb9",
)

KINDS = (
    Kind(
        "ume",
        Flower(round_petal, 5, 20, 11, threads=9, heart=2.6, is_on_twig=True),
        (
            Look("#d83a66", "#b3244f", GOLD, ROSE, -8),
            Look("#fff4f5", "#f3ccd6", "#c8455f", WINE, 6),
            Look("#e6527b", "#c93a64", GOLD, MINT),
        ),
    ),
    Kind(
        "sakura",
        Flower(notched_petal, 5, 23, 10.5, threads=5, heart=2.6, is_on_twig=True),
        (
            Look("#f7b3c6", "#ee8fab", "#d95c84", SKY, 10),
            Look("#fbc9d6", "#f19db6", "#d95c84", NAVY, -6),
            Look("#f9bfd0", "#f2a0b8", "#c9446f", "#8fb7a5"),
        ),
    ),
    Kind(
        "tulip",
        tulip,
        (
            Look("#e8432f", "#c32d22", GOLD, LEMON, -6),
            Look("#f5b21f", "#e08f10", GOLD, LILAC, 5),
            Look("#ee7fae", "#f9c3d8", "#5a2b46", AQUA),
        ),
    ),
    Kind(
        "camellia",
        Flower(round_petal, 6, 22, 11.5, layers=3, heart=6, leaf_size=(19, 8)),
        (
            Look("#c9253a", "#9d1830", GOLD, STONE, 8),
            Look("#f7f2ec", "#e6d8cd", GOLD, "#a83245", -8),
            Look("#d9364a", "#b8223a", GOLD, PEACH),
        ),
    ),
    Kind(
        "magnolia",
        Flower(round_petal, 7, 25, 7.5, heart=4, is_on_twig=True),
        (
            Look("#b58ac7", "#8b5fa3", GOLD, LIME, -10),
            Look("#fdf9f2", "#eadff0", "#8b5fa3", "#7d93b8", 4),
            Look("#fff8ee", "#f1e3d5", "#a8b34a", "#7a5c86"),
        ),
    ),
    Kind(
        "hydrangea",
        hydrangea,
        (
            Look("#7fb6d8", "#a6cfe6", "#fdf8df", SAND),
            Look("#8c86d2", "#6a70c4", "#fdf8df", MINT),
            Look("#d67fb4", "#b86bc0", "#fff2fb", "#dcebf2"),
        ),
    ),
    Kind(
        "lotus",
        Flower(pointed_petal, 9, 26, 8, layers=3, heart=5.5, leaf_size=(22, 10)),
        (
            Look("#f2a5bd", "#e37d9f", GOLD, AQUA),
            Look("#fde9ee", "#f2b2c6", GOLD, "#3f7f86"),
            Look("#fbd3de", "#ee9cb7", GOLD, "#28586a"),
        ),
    ),
    Kind(
        "cosmos",
        Flower(notched_petal, 8, 25, 6.6, heart=5, leaf_turns=(-40, 44), leaf_size=(20, 1.8)),
        (
            Look("#c53a8b", "#9b2a6c", GOLD, SAND, 8),
            Look("#f4a6cf", "#e47bb4", GOLD, "#5c7f5e", -10),
            Look("#fdfdfb", "#eadcea", GOLD, "#c0568f"),
        ),
    ),
    Kind(
        "bellflower",
        bellflower,
        (
            Look("#6f63c4", "#8f86da", "#f4f0ff", LEMON, 6),
            Look("#8aa4ea", "#6682d6", "#f4f0ff", ROSE, -6),
            Look("#5c50b8", "#4a3f9e", "#f7e7a0", "#d6e4c2"),
        ),
    ),
    Kind(
        "sunflower",
        Flower(pointed_petal, 15, 26, 5, layers=2, heart=10, leaf_size=(20, 9)),
        (
            Look("#f6c026", "#dd9a12", "#6a4422", SKY, -8),
            Look("#f9d04e", "#e8a81c", "#6a4422", "#c96f3b", 6),
            Look("#fad54d", "#eeb021", "#5d3a1e", "#4178a8"),
        ),
    ),
    Kind(
        "lily",
        Flower(pointed_petal, 6, 28, 8, threads=6, heart=3, leaf_turns=(-50, 50), leaf_size=(22, 3.4)),
        (
            Look("#f7f1df", "#dfd8ae", "#c06a2a", "#9fb58a", 12),
            Look("#f58a3c", "#dd6720", "#7a3616", LILAC, -8),
            Look("#fff6f0", "#f7d3c4", "#d2691e", "#d98a6a"),
        ),
    ),
    Kind(
        "lily of the valley",
        lily_of_the_valley,
        (
            Look("#fffdf5", "#e9e6d2", "#e8d48a", "#7fa08a"),
            Look("#fffefa", "#e9e6d2", "#e8d48a", "#5f7fae"),
            Look("#ffffff", "#e9e6d2", "#f2d06b", FOREST),
        ),
    ),
    Kind(
        "morning glory",
        morning_glory,
        (
            Look("#4a6fd0", "#9db6f0", "#fffbe6", PEACH),
            Look("#8e4fc0", "#c79be8", "#fffbe6", LIME),
            Look("#f3f6ff", "#3d62c8", "#fff4b8", "#f5c7cf"),
        ),
    ),
    Kind(
        "wisteria",
        wisteria,
        (
            Look("#9b7fd0", "#b9a3e2", "#f6e6a2", "#e9f0d9"),
            Look("#f1eefb", "#d6cdf0", "#d9c35a", "#6a5a9c"),
            Look("#8468c4", "#a88fdc", "#f6e6a2", "#f3dcd0"),
        ),
    ),
    Kind(
        "dandelion",
        dandelion,
        (
            Look("#f4c51c", "#e0a60f", "#b97a08", "#cfe3ea", 4),
            Look("#f8d23a", "#edb315", "#c98a10", "#94b46a"),
            Look("#ffffff", "#eef2f6", "#b08a56", INK),
        ),
    ),
    Kind(
        "pansy",
        pansy,
        (
            Look("#7a4fb0", "#a37fd0", GOLD, "#f3e6a8"),
            Look("#f2c12e", "#7d3f98", "#5a2a12", STONE),
            Look("#f6cf4a", "#5b3aa0", "#f08a24", "#cfd9f2"),
        ),
    ),
)


def symbol(index: int, kind: Kind, stage: int) -> str:
    """One drawing as a symbol named bud-<index>."""
    look = kind.looks[stage]
    drawing = kind.draw(look, stage)
    turn = f"rotate({look.tilt} 32 36)" if look.tilt else ""
    nearer = "translate(-7 -6)scale(1.22)" if stage == 0 else ""  # a bud is small: step closer
    if turn or nearer:
        drawing = f'<g transform="{nearer}{turn}">{drawing}</g>'
    return f'<symbol id="bud-{index}" viewBox="0 0 64 64"><circle cx="32" cy="32" r="32" fill="{look.ground}"/>{drawing}</symbol>'


def nobody() -> str:
    """The sign of whoever has left: a leaf on paper, belonging to no kind, named bud-0."""
    drawing = leaf(32, 46, 0, length=26, width=8, fill="#a9a196")
    return f'<symbol id="bud-0" viewBox="0 0 64 64"><circle cx="32" cy="32" r="32" fill="#e9e4dc"/>{drawing}</symbol>'


def main() -> None:
    """Write the sprite: neighbours in the chooser are of different kinds, so all buds come first, then the half-open."""
    pairs = [(kind, stage) for stage in range(3) for kind in KINDS]
    symbols = [nobody()] + [symbol(index, kind, stage) for index, (kind, stage) in enumerate(pairs, start=1)]
    SPRITE.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n", "utf-8"
    )
    print(f"{SPRITE.name}: {len(symbols) - 1} buds")


if __name__ == "__main__":
    main()
