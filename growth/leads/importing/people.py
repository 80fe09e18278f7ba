"""The people behind leads: their addresses, stored as every import of people stores them, with no permission at all."""

import tempfile
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from growth.clock import Clock
from growth.leads.importing.sources import LeadFile
from growth.people.importing.bring_in import ImportFile, bring_in
from growth.people.importing.columns import labels

_FIELDS = {"email": "email", "phone": "phone", "name": "name", "country": "country", "language": "locale"}
"""Fields of a lead → fields of a person."""


def bring_people(engine: Engine, clock: Clock, file: LeadFile, *, by: str) -> None:
    """Store who stands in a file of leads, where it has columns for addresses.

    A row without an address, or with a wrong one, is no person; the leads' own check says what is wrong with it.
    """
    if not file.has_leads or not {"email", "phone"} & file.places.keys():
        return
    named = labels(file.header)
    columns = {person: named[file.places[lead]] for lead, person in _FIELDS.items() if lead in file.places}
    with tempfile.TemporaryDirectory() as folder:
        people = ImportFile(
            path=file.path,
            name=file.name,
            form=replace(file.form, columns=columns),
            rejected=Path(folder) / "rejected.csv",
        )
        bring_in(engine, clock, people, by=by)
