"""Saved audiences used within conditions: put in as they are now, without going round in circles."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from growth.campaigns.audiences.conditions import Node, leaves
from growth.campaigns.audiences.fields import FIELDS
from growth.campaigns.audiences.records import Audience, AudienceVersion
from growth.errors import ConflictError, InvalidError
from growth.locales import N_

MOST_PUT_IN = 20
"""Saved audiences that an audience may use, those used by these counted too."""
MOST_IN_ALL = 1_000
"""Conditions of an audience and of all it uses, each as often as it is used."""
NOBODY: Node = {"not": {"all": []}}


def used(conditions: Mapping[str, Any]) -> set[int]:
    """Numbers of the saved audiences that conditions name themselves."""
    return set(_named(conditions))


def expanded(session: Session, conditions: Mapping[str, Any]) -> Node:
    """The conditions with the newest conditions of each saved audience in its place.

    One that isn't there any more has nobody in it. Raises InvalidError when they go round in a circle or are too many.
    """
    known = _read_all(session, conditions)
    _check_size(conditions, known)
    return _put_in(conditions, known, ())


def _check_size(conditions: Mapping[str, Any], known: Mapping[int, Node]) -> None:
    """Raise InvalidError before a few audiences, each used many times by the next, become more than anything can hold.

    Counted level by level, so that a circle, which `_put_in` tells, ends here as well.
    """
    naming, total = Counter(_named(conditions)), sum(1 for _ in leaves(conditions))
    for _ in range(MOST_PUT_IN + 1):
        total += sum(times * sum(1 for _ in leaves(known[number])) for number, times in naming.items())
        if total > MOST_IN_ALL:
            raise InvalidError(
                "audience", N_("With its saved audiences it has more than %(most)s conditions."), most=MOST_IN_ALL
            )
        below: Counter[int] = Counter()
        for number, times in naming.items():
            for inner in _named(known[number]):
                below[inner] += times
        naming = below


def _named(conditions: Mapping[str, Any]) -> Iterator[int]:
    for leaf in leaves(conditions):
        if leaf["field"] == "audience":
            yield from leaf["value"]


def _read_all(session: Session, conditions: Mapping[str, Any]) -> dict[int, Node]:
    """The newest conditions of all that are used, however deep; one query for each level."""
    found: dict[int, Node] = {}
    missing = used(conditions)
    while missing:
        if len(found) + len(missing) > MOST_PUT_IN:
            raise InvalidError(
                "audience", N_("At most %(most)s saved audiences can be used within one."), most=MOST_PUT_IN
            )
        read = newest(session, missing)
        found |= {number: read.get(number, NOBODY) for number in missing}
        missing = {one for tree in read.values() for one in used(tree)} - found.keys()
    return found


def newest(session: Session, numbers: set[int]) -> dict[int, Node]:
    """The newest conditions of audiences."""
    rows = select(Audience.id, AudienceVersion.conditions).join(
        AudienceVersion, (AudienceVersion.audience_id == Audience.id) & (AudienceVersion.version == Audience.version)
    )
    return dict(session.execute(rows.where(Audience.id.in_(numbers))).all())


def _put_in(node: Mapping[str, Any], known: Mapping[int, Node], above: tuple[int, ...]) -> Node:
    if "not" in node:
        return {"not": _put_in(node["not"], known, above)}
    if "field" not in node:
        return {word: [_put_in(one, known, above) for one in inside] for word, inside in node.items()}
    if node["field"] != "audience":
        return dict(node)
    if set(node["value"]) & set(above):
        raise InvalidError(
            "audience",
            N_("A saved audience can't be used within itself."),
            remedy=N_("Take it out here, or out of the other one."),
        )
    either: Node = {"any": [_put_in(known[number], known, (*above, number)) for number in node["value"]]}
    return either if node["op"] == FIELDS["audience"].yes else {"not": either}


def check_circle(session: Session, audience_id: int, conditions: Mapping[str, Any]) -> None:
    """Raises InvalidError when conditions, saved as this audience, would use it within itself."""
    known = _read_all(session, conditions)
    if audience_id in used(conditions).union(*(used(tree) for tree in known.values())):
        raise InvalidError(
            "audience",
            N_("A saved audience can't be used within itself."),
            remedy=N_("Take it out here, or out of the other one."),
        )
    _check_size(conditions, known)
    _put_in(conditions, known, (audience_id,))


def check_unused(session: Session, audience_id: int) -> None:
    """Raises ConflictError when another audience that isn't archived uses this one."""
    rows = select(Audience.name).join(
        AudienceVersion, (AudienceVersion.audience_id == Audience.id) & (AudienceVersion.version == Audience.version)
    )
    path = cast(f'$.** ? (@.field == "audience" && @.value[*] == {int(audience_id)})', JSONPATH)
    wanted = rows.where(
        Audience.archived_at.is_(None),
        Audience.id != audience_id,
        func.jsonb_path_exists(AudienceVersion.conditions, path),
    )
    if (name := session.scalar(wanted.limit(1))) is not None:
        raise ConflictError(
            N_("The audience “%(name)s” uses this one."), remedy=N_("Take it out there first."), name=name
        )
