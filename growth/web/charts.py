"""Charts as SVG: pure functions from numbers to markup, coloured by classes of the style sheet so that themes work."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup

_RING = 100.5  # circumference of the ring's circle, radius 16


def _join(parts: Sequence[Markup]) -> Markup:
    return Markup("").join(parts)


def _path(xs: Sequence[float], ys: Sequence[float]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))


def nice_top(value: float) -> float:
    """The smallest of 1, 2, 2.5, 5 or 10 times a power of ten at or above `value`; 1 when there is nothing."""
    if value <= 0:
        return 1
    power = 10.0 ** floor(log10(value))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * (1 - 1e-12)))


def counts_top(value: float) -> float:
    """As `nice_top` for things counted: four times a round whole number, so that each of its `ticks` is whole."""
    quarter = max(value / 4, 1)
    power = 10.0 ** floor(log10(quarter))
    steps = (step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10))
    return 4 * next(step for step in steps if step >= quarter * (1 - 1e-12) and step.is_integer())


def sparkline(values: Sequence[float], label: str) -> Markup:
    """A trend without axes, 120 x 26, lowest to highest; `label` is read aloud instead. Empty below two values."""
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    reach = (high - low) or 1
    ys = [22 - (value - low) / reach * 18 if high > low else 13 for value in values]
    xs = [place * 120 / (len(values) - 1) for place in range(len(values))]
    line = _path(xs, ys)
    return Markup(
        '<svg class="spark" viewBox="0 0 120 26" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<title>{}</title><path class="area" d="{}L120,26L0,26Z"/><path class="line" d="{}"/></svg>'
    ).format(label, label, line, line)


def meter(share: float, colour: int, label: str) -> Markup:
    """A horizontal bar of 0..1 in the colour class `fill{colour}`."""
    width = f"{min(max(share, 0), 1) * 100:.1f}"
    return Markup(
        '<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}"><title>{}</title>'
        '<rect class="track" width="100" height="6"/><rect class="fill{}" width="{}" height="6"/></svg>'
    ).format(label, label, colour, width)


def contribution(value: float, scale: float) -> Markup:
    """A bar left or right of a zero axis for one reason of a score; the words beside it say the same."""
    length = min(abs(value) / (scale or 1), 1) * 73
    x, kind = (75.0, "plus") if value >= 0 else (75 - length, "minus")
    return Markup(
        '<svg viewBox="0 0 150 8" aria-hidden="true"><rect class="{}" x="{}" y="1" width="{}" height="6" rx="2"/>'
        '<line class="axis" x1="75" x2="75" y1="0" y2="8"/></svg>'
    ).format(kind, f"{x:.1f}", f"{length:.1f}")


def ring(share: float) -> Markup:
    """The arc around a score, 0..1; the figure inside says the same."""
    arc = Markup('<circle class="value" cx="19" cy="19" r="16" stroke-dasharray="{}" transform="rotate(-90 19 19)"/>')
    drawn = arc.format(f"{min(share, 1) * _RING:.1f} {_RING}") if share > 0 else ""  # round ends show even at nothing
    return Markup(
        '<svg viewBox="0 0 38 38" aria-hidden="true"><circle class="track" cx="19" cy="19" r="16"/>{}</svg>'
    ).format(drawn)


@dataclass(frozen=True)
class Frame:
    """The plot's inside, in the drawing's units: room on the left for numbers and below for names."""

    width: float = 860
    height: float = 250
    left: float = 44
    below: float = 24
    above: float = 8

    @property
    def tall(self) -> float:
        """Height of the plot itself."""
        return self.height - self.below - self.above

    def y(self, share: float) -> float:
        """Where a share of the axis lies."""
        return self.above + self.tall * (1 - share)

    def x(self, share: float) -> float:
        """Where a share of the breadth lies."""
        return self.left + (self.width - self.left - 8) * share


def _svg(frame: Frame, label: str, parts: Sequence[Markup], *, wide: bool = False) -> Markup:
    return Markup(
        '<svg class="chart{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>'
    ).format(" wide" if wide else "", frame.width, frame.height, label, label, _join(parts))


def _axis(frame: Frame, names: Sequence[str]) -> list[Markup]:
    """Lines across with their numbers, from zero at the bottom to the last name at the top."""
    line = Markup(
        '<line class="grid-line" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
    )
    made = []
    for tick, name in enumerate(names):
        y = f"{frame.y(tick / (len(names) - 1)):.1f}"
        made.append(line.format(frame.left, frame.width, y, y, frame.left - 8, f"{float(y) + 4:.1f}", name))
    return made


def ticks(top: float) -> list[float]:
    """Five places of an axis that begins at zero."""
    return [top * place / 4 for place in range(5)]


def stacked_columns(
    days: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    label: str,
    axis: Sequence[str],
    colours: Sequence[int] = (),
) -> Markup:
    """Columns stacked by series, 860 x 250; each names its day and parts when pointed at.

    Args:
        days: a name for each column; every seventh or so is written below.
        series: name and one value a day, from the bottom up.
        label: what there is to see.
        axis: five numbers in words from zero to `counts_top(highest(series))`, see `ticks`.
        colours: the class `fill{colour}` of each series; 1, 2, 3 … when left out.
    """
    frame = Frame()
    parts = _axis(frame, axis)
    top = counts_top(highest(series))
    fills = colours or range(1, len(series) + 1)
    step = (frame.width - frame.left) / max(len(days), 1)
    every = max(round(len(days) / 5), 1)
    for place, day in enumerate(days):
        x = frame.left + place * step + step * 0.14
        stack = [(fill, name, values[place]) for fill, (name, values) in zip(fills, series, strict=True)]
        parts.append(_column(frame, day, stack, x=x, width=step * 0.72, top=top))
        if place % every == 0:
            near = frame.width - x < 40  # its right end would be cut off
            where, anchor = (frame.width, "end") if near else (x, "start")
            text = Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
            parts.append(text.format(f"{where:.1f}", frame.height - 6, anchor, day))
    return _svg(frame, label, parts, wide=True)


def highest(series: Sequence[tuple[str, Sequence[float]]]) -> float:
    """The tallest column of the stack."""
    return max((sum(parts) for parts in zip(*(values for _, values in series), strict=True)), default=0)


def _column(
    frame: Frame, day: str, stack: Sequence[tuple[int, str, float]], *, x: float, width: float, top: float
) -> Markup:
    words = ", ".join(f"{name} {value:,.0f}" for _, name, value in stack)
    rects = []
    y = frame.y(0)
    for fill, _, value in stack:
        tall = value / top * frame.tall
        y -= tall
        place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(tall - 0.8, 0):.1f}"'
        rects.append(f'<rect class="fill{fill}" {place} rx="1"/>')
    drawn = Markup("".join(rects))  # noqa: S704 - numbers of ours, and many of them
    return Markup("<g><title>{}: {}</title>{}</g>").format(day, words, drawn)


@dataclass(frozen=True)
class Point:
    """A measured point, all in shares of 1, with its interval and words for it."""

    x: float
    y: float
    low: float
    high: float
    words: str


def calibration(points: Sequence[Point], label: str, axis: Sequence[str], top: float) -> Markup:
    """Said against seen, 360 x 260: the diagonal is a model that is right; bars are intervals. `top` in shares of 1."""
    frame = Frame(width=360, height=260)
    parts = _axis(frame, axis)
    parts.append(_diagonal(frame))
    mark = Markup(
        '<g><title>{}</title><line class="stroke1" x1="{x}" x2="{x}" y1="{}" y2="{}"/>'
        '<circle class="fill1" cx="{x}" cy="{}" r="4"/></g>'
    )
    for point in points:
        low, high, y = (f"{frame.y(min(value / top, 1)):.1f}" for value in (point.low, point.high, point.y))
        parts.append(mark.format(point.words, low, high, y, x=f"{frame.x(min(point.x / top, 1)):.1f}"))
    return _svg(frame, label, parts)


@dataclass(frozen=True)
class Interval:
    """A measured difference between its bounds, with its name and words for it."""

    name: str
    middle: float
    low: float
    high: float
    words: str


def intervals(rows: Sequence[Interval], label: str, axis: tuple[str, str, str]) -> Markup:
    """Differences one below the other, each a point in its interval, about a line for none; 360 wide.

    `axis` says in words what stands at the left end, at the middle, which is none, and at the right end: the farthest
    bound, as `interval_reach` gives it.
    """
    frame = Frame(width=360, height=24 + 40 * len(rows), left=8)
    reach = interval_reach(rows)
    parts = [
        Markup('<line class="base" x1="{x}" x2="{x}" y1="4" y2="{}"/>').format(
            frame.height - 20, x=f"{frame.x(0.5):.1f}"
        )
    ]
    for place, anchor, words in zip((0.0, 0.5, 1.0), ("start", "middle", "end"), axis, strict=True):
        text = Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
        parts.append(text.format(f"{frame.x(place):.1f}", frame.height - 6, anchor, words))
    mark = Markup(
        '<g><title>{}</title><text x="8" y="{above}">{}</text><line class="stroke1" x1="{}" x2="{}" y1="{y}" y2="{y}"/>'
        '<circle class="fill1" cx="{}" cy="{y}" r="4"/></g>'
    )
    for line, row in enumerate(rows):
        low, high, at = (f"{frame.x((value / reach + 1) / 2):.1f}" for value in (row.low, row.high, row.middle))
        parts.append(mark.format(row.words, row.name[:40], low, high, at, y=26 + 40 * line, above=14 + 40 * line))
    return _svg(frame, label, parts)


def interval_reach(rows: Sequence[Interval]) -> float:
    """How far the axis of `intervals` goes to either side."""
    return max((max(abs(row.low), abs(row.high)) for row in rows), default=0) or 1


def _diagonal(frame: Frame) -> Markup:
    corners = [f"{value:.1f}" for value in (frame.x(0), frame.x(1), frame.y(0), frame.y(1))]
    return Markup('<line class="base dashed" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(*corners)


def gain(curve: Sequence[tuple[float, float]], label: str, axis: Sequence[str]) -> Markup:
    """Share reached (0..1) against share of all that were won (0..1), 360 x 260; the diagonal is chance."""
    frame = Frame(width=360, height=260)
    line = _path([frame.x(x) for x, _ in curve], [frame.y(y) for _, y in curve]) if curve else ""
    drawn = Markup('<path class="stroke1" d="{}"/>').format(line)
    return _svg(frame, label, [*_axis(frame, axis), _diagonal(frame), drawn])


def columns(values: Sequence[tuple[str, float]], label: str) -> Markup:
    """Small columns without numbers, 360 x 66, such as messages an hour; each says its name and value."""
    top = max((value for _, value in values), default=0) or 1
    step = 352 / max(len(values), 1)
    rect = Markup('<rect class="fill1" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>')
    parts = [Markup('<line class="base" x1="0" x2="360" y1="60.5" y2="60.5"/>')]
    for place, (words, value) in enumerate(values):
        tall = value / top * 52
        x, y = f"{4 + place * step:.1f}", f"{60 - tall:.1f}"
        parts.append(rect.format(x, y, f"{step * 0.8:.1f}", f"{tall:.1f}", words))
    return _svg(Frame(width=360, height=66), label, parts)


def paced(spent: float, expected: float, bounds: tuple[float, float], budget: float | None, label: str) -> Markup:
    """A month's spending, 360 x 34: what is spent as a bar, its expected end in its interval, the budget as a line."""
    low, high = bounds
    top = max(high, budget or 0, 1) * 1.04
    spot = [f"{value / top * 360:.1f}" for value in (spent, low, high, expected, budget or 0)]
    limit = Markup('<line class="limit" x1="{x}" x2="{x}" y1="2" y2="32"/>').format(x=spot[4]) if budget else ""
    return Markup(
        '<svg class="chart" viewBox="0 0 360 34" role="img" aria-label="{}"><title>{}</title>'
        '<rect class="track" y="11" width="360" height="12" rx="3"/>'
        '<rect class="fill1" y="11" width="{}" height="12" rx="3"/>'
        '<line class="stroke2" x1="{}" x2="{}" y1="17" y2="17"/><circle class="fill2" cx="{}" cy="17" r="4"/>{}</svg>'
    ).format(label, label, *spot[:4], limit)
