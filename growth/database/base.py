"""What every record has in common: naming of constraints, column types, the declarative base."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Identity, LargeBinary, MetaData, Numeric, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Id = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
"""A `bigint` identity key, made by the database."""
THIS_TRANSACTION = text("cast(cast(pg_current_xact_id() as text) as bigint)")
"""In SQL, the number of the present transaction; never used again, as the short ones of PostgreSQL are."""


class Record(DeclarativeBase):
    """A row of ours."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        date: Date,
        Decimal: Numeric,
        UUID: Uuid,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }
