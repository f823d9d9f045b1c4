"""Curves of growing costs: the fitted exponent, and a small picture on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.numbers import median

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, LEGEND = 760, 360, 56, 36, 16, 330
COLOURS = ("#2f6fde", "#d0472f", "#3a9d5d", "#9055c8", "#c98a10")


@dataclass(frozen=True, slots=True)
class Curve:
    """A cost at several sizes.

    Args:
        what: the cost.
        of: what there is more and more of.
        unit: of the samples.
        samples: by size, ascending; at least two sizes.
        target: the largest exponent that is well.
    """

    what: str
    of: str
    unit: str
    samples: Mapping[int, tuple[float, ...]]
    target: float

    @property
    def points(self) -> list[tuple[float, float]]:
        """Logarithms of size and median cost, base 10."""
        return [(math.log10(size), math.log10(max(median(cost), 1e-3))) for size, cost in self.samples.items()]

    @property
    def exponent(self) -> float:
        """Slope of the least-squares line through the points: 0 is a cost that does not grow, 1 one in proportion."""
        points = self.points
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Write the curves as an SVG picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    points = [point for curve in curves for point in curve.points]
    low_y, high_y = math.floor(min(y for _, y in points)), math.ceil(max(y for _, y in points))
    high_x = math.ceil(max(x for x, _ in points))

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + x / high_x * (WIDTH - LEFT - LEGEND)
        up = HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (HEIGHT - BOTTOM - TOP)
        return round(across, 1), round(up, 1)

    marks = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for power in range(low_y, high_y + 1):
        (left, up), (right, _) = place(0, power), place(high_x, power)
        marks.append(f'<path d="M{left} {up}H{right}" stroke="#ddd"/>')
        marks.append(f'<text x="{left - 6}" y="{up + 4}" text-anchor="end">{10.0**power:g} ms</text>')
    for power in range(high_x + 1):
        across, _ = place(power, low_y)
        marks.append(f'<text x="{across}" y="{HEIGHT - 12}" text-anchor="middle">{10**power:,}</text>')
    for number, (curve, colour) in enumerate(zip(curves, COLOURS, strict=True)):
        line = " ".join(f"{x},{y}" for x, y in (place(*point) for point in curve.points))
        marks.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        words = escape(f"{curve.what}, by {curve.of}: n^{curve.exponent:.2f}")
        marks.append(f'<text x="{WIDTH - LEGEND + 12}" y="{TOP + 16 + 20 * number}" fill="{colour}">{words}</text>')
    path.write_text("\n".join([*marks, "</svg>", ""]))
