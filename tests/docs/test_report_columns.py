"""The columns of a report's Parquet file are those that the documentation lists."""

from growth.measurement.reports.files import COLUMNS
from tests.docs.test_tables import table

_TYPES = {"date": "date", "text": "text", "whole": "int64", "number": "float64"}


def test_the_columns_of_a_report() -> None:
    shown = [[f"`{one.name}`", _TYPES[one.kind], one.meaning] for one in COLUMNS if not one.name.startswith("before_")]
    assert table("reports", "Column") == shown
    repeated = [one.name.removeprefix("before_") for one in COLUMNS if one.name.startswith("before_")]
    assert repeated == [one.name for one in COLUMNS if one.kind == "whole" and not one.name.startswith("before_")]
