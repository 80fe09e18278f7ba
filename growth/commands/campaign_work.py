"""What commands of campaigns share: who acts, the campaign they name, its zone, sentences."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ACTOR = "command line"
Which = Annotated[str, typer.Argument(help="The campaign's name or number.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def zone_of(session: "Session") -> str:
    """The organisation's time zone."""
    from growth.database.workspace import workspace

    place = workspace(session)
    return place.time_zone if place else "UTC"


def said(sentence: str, values: Any) -> str:
    """A marked sentence in English."""
    from growth.locales import translate

    return translate("en", sentence, **values)
