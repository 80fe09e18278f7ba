"""The chart of a response curve: what more money brings, with its interval."""

from collections.abc import Sequence

from markupsafe import Markup

from growth.measurement.advice.moves import Drawn
from growth.web.charts import Frame, nice_top

_FRAME = Frame(width=420, height=220)


def response(curve: Drawn, label: str, across: Sequence[str], up: Sequence[str], usual: str) -> Markup:
    """People against money a month, 420 x 220: the curve in its band, and a dashed line at what is usual.

    `across` are three amounts in words, at the left end, the middle and the right one; `up` five numbers in words from
    zero to `nice_top(people_top(curve))`; `usual` are the words of the dashed line.
    """
    frame, top, far = _FRAME, nice_top(people_top(curve)), curve.points[-1].spend or 1

    def line(values: Sequence[float], spends: Sequence[float]) -> str:
        places = zip(spends, values, strict=True)
        return "L".join(f"{frame.x(spend / far):.1f},{frame.y(min(value / top, 1)):.1f}" for spend, value in places)

    spends = [one.spend for one in curve.points]
    high, low, middle = ([getattr(one, name) for one in curve.points] for name in ("high", "low", "expected"))
    band = f"M{line(high, spends)}L{line(low[::-1], spends[::-1])}Z"
    at = f"{frame.x(min(curve.usual / far, 1)):.1f}"
    drawn = Markup(
        '<path class="fill1" fill-opacity="0.16" d="{}"/><path class="stroke1" d="M{}"/>'
        '<line class="base dashed" x1="{at}" x2="{at}" y1="{}" y2="{}"><title>{}</title></line>'
    ).format(band, line(middle, spends), frame.y(1), frame.y(0), usual, at=at)
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}{}{}</svg>'
    ).format(frame.width, frame.height, label, label, _up(up), _across(across), drawn)


def people_top(curve: Drawn) -> float:
    """The highest point of the band."""
    return max(one.high for one in curve.points)


def _up(names: Sequence[str]) -> Markup:
    line = Markup(
        '<line class="grid-line" x1="{}" x2="{}" y1="{y}" y2="{y}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
    )
    ys = [_FRAME.y(tick / (len(names) - 1)) for tick in range(len(names))]
    return Markup("").join(
        line.format(_FRAME.left, _FRAME.width, _FRAME.left - 8, f"{y + 4:.1f}", name, y=f"{y:.1f}")
        for y, name in zip(ys, names, strict=True)
    )


def _across(names: Sequence[str]) -> Markup:
    text = Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
    places = zip((0.0, 0.5, 1.0), ("start", "middle", "end"), names, strict=True)
    return Markup("").join(
        text.format(f"{_FRAME.x(share):.1f}", _FRAME.height - 6, anchor, name) for share, anchor, name in places
    )
