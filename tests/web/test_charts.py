"""Charts: well-formed for whatever numbers come, and never letting words become markup."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from growth.web.charts import (
    Point,
    calibration,
    columns,
    contribution,
    counts_top,
    gain,
    meter,
    nice_top,
    ring,
    sparkline,
    ticks,
)
from growth.web.charts import stacked_columns as stacked

AXIS = ["0", "1", "2", "3", "4"]
amounts = st.floats(0, 1e9, allow_nan=False)
# XML has no control characters, so neither do the words that people give things.
words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20)


@given(st.lists(st.tuples(words, amounts, amounts), max_size=40), words)
def test_every_chart_is_well_formed(rows: list[tuple[str, float, float]], label: str) -> None:
    days = [name for name, _, _ in rows]
    series = [("a", [one for _, one, _ in rows]), ("<b>", [two for _, _, two in rows])]
    points = [Point(0.5, 0.4, 0.3, 0.6, name) for name in days]
    made = [
        stacked(days, series, label, AXIS),
        calibration(points, label, AXIS, 0.5),
        gain([(0, 0), (1, 1)], label, AXIS),
        columns([(name, one) for name, one, _ in rows], label),
        meter(2, 1, label),
        ring(-1),
        contribution(-3, 0),
    ]
    for markup in made:
        assert ET.fromstring(markup).tag == "svg"


@given(st.lists(amounts, min_size=2, max_size=60), words)
def test_a_sparkline_stays_inside_its_box(values: list[float], label: str) -> None:
    lines = ET.fromstring(sparkline(values, label)).findall("path[@class='line']")
    heights = [float(pair.split(",")[1]) for pair in lines[0].attrib["d"][1:].split("L")]
    assert all(0 <= height <= 26 for height in heights)


def test_a_trend_of_one_day_is_no_trend() -> None:
    assert sparkline([3], "one") == ""


@given(st.floats(1e-6, 1e15))
def test_the_axis_reaches_the_highest_and_little_more(value: float) -> None:
    assert value * (1 - 1e-9) <= nice_top(value) <= value * 2.5 * (1 + 1e-9)


@given(st.floats(0, 1e12))
def test_an_axis_of_counts_is_written_in_whole_numbers(value: float) -> None:
    top = counts_top(value)
    assert value * (1 - 1e-9) <= top <= max(value * 2 * (1 + 1e-9), 4)
    assert all(tick.is_integer() for tick in ticks(top))


def test_names_of_things_are_escaped() -> None:
    drawn = stacked(["<script>"], [("&", [1.0])], '"', AXIS)
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn
