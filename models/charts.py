"""Charts as SVG, drawn plainly: lines, bands, points, bars and intervals on two axes.

Colours follow the reader's: light, or dark where that is preferred. The same data give the same
bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

Points = Sequence[tuple[float, float]]

_LINE = 20
"""Between two lines of what is what."""
_FONT = "Helvetica, Arial, sans-serif"
_STYLE = """
    .paper { fill: #ffffff } .frame { fill: none; stroke: #8a97a3 }
    .grid { stroke: #dfe5ea } .guide { stroke: #8a97a3; stroke-dasharray: 5 4; fill: none }
    text { fill: #2b3944; font-size: 13px } .title { font-size: 15px; font-weight: bold }
    .line { fill: none; stroke: #1f6fb2; stroke-width: 2 } .band { fill: #1f6fb2; opacity: 0.16 }
    .point { fill: #1f6fb2 } .mark { fill: #c4521b } .bar { fill: #9fb6c9; opacity: 0.55 }
    .whisker { stroke: #1f6fb2; stroke-width: 1.6 }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #151b21 } .frame { stroke: #6b7984 }
      .grid { stroke: #2b353e } .guide { stroke: #83919c }
      text { fill: #dbe3ea }
      .line { stroke: #63b1f0 } .band { fill: #63b1f0 } .point { fill: #63b1f0 }
      .mark { fill: #ff9a5c } .bar { fill: #56708a } .whisker { stroke: #63b1f0 }
    }
"""


@dataclass
class Chart:
    """A chart that is drawn on; x and y are in its own units, within their limits."""

    title: str
    x_label: str
    y_label: str
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    rows: Sequence[str] = ()
    """Names instead of numbers along the y axis, from the top: row n is at y = n."""
    width: int = 640
    height: int = 520
    left: int = 70
    _drawn: list[str] = field(default_factory=list)
    _legend: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.rows:
            self.y = (len(self.rows) - 0.5, -0.5)  # the first row on top

    def line(self, points: Points, called: str = "", kind: str = "line") -> None:
        """A line through points; `kind` "guide" is dashed and grey."""
        self._drawn.append(f'<polyline class="{kind}" points="{self._path(points)}"/>')
        self._named(kind, called)

    def band(self, low: Points, high: Points, called: str = "") -> None:
        """The area between two lines."""
        path = self._path([*low, *reversed(high)])
        self._drawn.append(f'<polygon class="band" points="{path}"/>')
        self._named("band", called)

    def point(self, x: float, y: float, called: str = "", kind: str = "point") -> None:
        """A point; `kind` "mark" stands out."""
        across, down = self._at(x, y)
        size = 5.5 if kind == "mark" else 3.5
        self._drawn.append(f'<circle class="{kind}" cx="{across}" cy="{down}" r="{size}"/>')
        self._named(kind, called)

    def bar(self, left: float, right: float, top: float, called: str = "") -> None:
        """A bar from the foot of the chart."""
        (x, y), (to, foot) = self._at(left, top), self._at(right, self.y[0])
        size = f'width="{to - x:.1f}" height="{foot - y:.1f}"'
        self._drawn.append(f'<rect class="bar" x="{x}" y="{y}" {size}/>')
        self._named("bar", called)

    def interval(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        """From one end of an interval to the other."""
        (x1, y1), (x2, y2) = self._at(*one), self._at(*other)
        self._drawn.append(f'<line class="whisker" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')

    def svg(self) -> str:
        """The picture as a file holds it."""
        high = self.height + _LINE * len(self._legend) + 8
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {high}" '
            f'width="{self.width}" height="{high}" role="img" font-family="{_FONT}">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{self.width}" height="{high}" rx="8"/>',
            _text(self.width / 2, 26, self.title, "middle", "title"),
            *self._axes(),
            *self._drawn,
            *self._names(),
        ]
        return "\n".join(parts) + "\n</svg>\n"

    @property
    def _field(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of where things are drawn."""
        return self.left, 42, self.width - 24, self.height - 58

    def _at(self, x: float, y: float) -> tuple[float, float]:
        left, top, right, bottom = self._field
        across = left + (x - self.x[0]) / (self.x[1] - self.x[0]) * (right - left)
        down = bottom - (y - self.y[0]) / (self.y[1] - self.y[0]) * (bottom - top)
        return round(across, 1), round(down, 1)

    def _path(self, points: Points) -> str:
        return " ".join("{},{}".format(*self._at(*point)) for point in points)

    def _named(self, kind: str, called: str) -> None:
        if called:
            self._legend.append((kind, called))

    def _axes(self) -> Iterator[str]:
        """The frame, a grid with its numbers, and what they are."""
        left, top, right, bottom = self._field
        for value in _ticks(*self.x):
            across, _ = self._at(value, self.y[0])
            yield f'<line class="grid" x1="{across}" y1="{top}" x2="{across}" y2="{bottom}"/>'
            yield _text(across, bottom + 18, f"{value:g}", "middle")
        told = [(float(n), name) for n, name in enumerate(self.rows)]
        for value, name in told or [(value, f"{value:g}") for value in _ticks(*self.y)]:
            _, down = self._at(self.x[0], value)
            yield f'<line class="grid" x1="{left}" y1="{down}" x2="{right}" y2="{down}"/>'
            yield _text(left - 8, down + 4, name, "end")
        size = f'width="{right - left}" height="{bottom - top}"'
        yield f'<rect class="frame" x="{left}" y="{top}" {size}/>'
        yield _text((left + right) / 2, bottom + 42, self.x_label, "middle")
        if self.y_label:
            middle = (top + bottom) / 2
            label = _text(20, middle, self.y_label, "middle")
            yield f'<g transform="rotate(-90 20 {middle})">{label}</g>'

    def _names(self) -> Iterator[str]:
        """What is what, below the chart."""
        for number, (kind, called) in enumerate(self._legend):
            down = self.height + _LINE * number + 8
            if kind in ("point", "mark"):
                yield f'<circle class="{kind}" cx="{self.left + 12}" cy="{down - 4}" r="5"/>'
            elif kind in ("band", "bar"):
                size = 'width="24" height="10"'
                yield f'<rect class="{kind}" x="{self.left}" y="{down - 9}" {size}/>'
            else:
                ends = f'x1="{self.left}" x2="{self.left + 24}" y1="{down - 4}" y2="{down - 4}"'
                yield f'<line class="{kind}" {ends}/>'
            yield _text(self.left + 34, down, called)


def _ticks(low: float, high: float, steps: int = 5) -> list[float]:
    return [round(low + (high - low) * step / steps, 10) for step in range(steps + 1)]


def _text(x: float, y: float, told: str, anchor: str = "start", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(told)}</text>'
