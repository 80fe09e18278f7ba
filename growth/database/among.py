"""Many values in one parameter, so that a statement is the same, and read once, however many there are."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute


def among(column: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a column holds one of these, as `in_` says it with a parameter for each."""
    return column == any_(literal(list(values), ARRAY(column.type)))
