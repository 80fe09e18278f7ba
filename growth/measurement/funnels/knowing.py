"""What is known of people, visitors and leads, read from touches, conversions and leads for many at once."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.attribution.records import Credit
from growth.database.among import among
from growth.locales import closest
from growth.measurement.funnels.judging import Converted, Known
from growth.measurement.funnels.steps import KINDS, STEPS
from growth.measurement.languages import OTHER

Whose = tuple[str, str]
"""Side and who, as `Way` keeps them."""
_COLUMNS = {"p": "person_id", "v": "visitor", "l": "lead_id"}

# Each is looked up on an index of its own, whatever else there is; the side is kept from its index, which is by day.
_ASKED = """
    jsonb_to_recordset(cast(:asked as jsonb)) as asked (
        side text, who text, person_id bigint, visitor uuid, lead_id bigint)
"""
_FIRST_TOUCHES = text(f"""
    select asked.side, asked.who, touched.* from {_ASKED} cross join lateral (
        select occurred_at, channel, country from touch
        where touch.person_id = asked.person_id and touch.side || '' = asked.side and kind = 'click'
        order by occurred_at, event_id limit 1
    ) as touched
    where asked.person_id is not null
    union all
    select asked.side, asked.who, touched.* from {_ASKED} cross join lateral (
        select occurred_at, channel, country from touch
        where touch.visitor = asked.visitor and person_id is null and touch.side || '' = asked.side and kind = 'click'
        order by occurred_at, event_id limit 1
    ) as touched
    where asked.visitor is not null and asked.side = 'buyer'
""")  # noqa: S608 - constants of ours
_CONVERSIONS = text(f"""
    select asked.side, asked.who, done.* from {_ASKED} cross join lateral (
        select distinct on (kind) kind, id, occurred_at, country from conversion
        where conversion.person_id = asked.person_id and conversion.side = asked.side and kind <> 'refund'
        order by kind, occurred_at, source_key
    ) as done
    where asked.person_id is not null
    union all
    select asked.side, asked.who, done.* from {_ASKED} cross join lateral (
        select distinct on (kind) kind, id, occurred_at, country from conversion
        where conversion.visitor = asked.visitor and person_id is null and conversion.side = asked.side
            and kind <> 'refund'
        order by kind, occurred_at, source_key
    ) as done
    where asked.visitor is not null
""")  # noqa: S608 - likewise
_LEADS = text(f"""
    select asked.side, asked.who, lead.contacted_at, lead.channel,
        coalesce(organisation.country, upper(lead.facts ->> 'country')) as country,
        lead.facts ->> 'language' as language, moves.stages
    from {_ASKED}
    cross join lateral (
        select * from lead where lead.person_id = asked.person_id
        union all
        select * from lead where lead.id = asked.lead_id and lead.person_id is null
    ) as lead
    left join organisation on organisation.id = lead.organisation_id
    cross join lateral (
        select jsonb_object_agg(stage, at) as stages from (
            select stage, min(at) as at from stage_change where lead_id = lead.id group by stage) as first
    ) as moves
    where asked.side = 'seller' and lead.side = 'seller'
    order by lead.contacted_at, lead.id
""")  # noqa: S608 - likewise
_LIVES = text(f"""
    select asked.side, asked.who, person.country, person.locale
    from {_ASKED} join person on person.id = asked.person_id
""")  # noqa: S608 - likewise


def know(session: Session, whom: Collection[Whose]) -> dict[Whose, Known]:
    """All that is known of these; of somebody nobody knows any more there are no steps."""
    asked = _asked(whom)
    found = {(side, who): Known(side) for side, who in whom}
    for side, who, at, channel, country in session.execute(_FIRST_TOUCHES, asked):
        one = found[side, who]
        one.came_by, one.came_from = channel, country
        one.reach(next(iter(STEPS[side])), at)
    for side, who, kind, conversion, at, country in session.execute(_CONVERSIONS, asked):
        if step := KINDS[side].get(kind):
            found[side, who].converted[kind] = Converted(conversion, at, country)
            found[side, who].reach(step, at)
    _read_lives(session, asked, found)
    _read_leads(session, asked, found)
    _read_credits(session, found)
    return found


def _asked(whom: Collection[Whose]) -> dict[str, str]:
    """As the statements take them, in one JSON parameter as `events.ingest` does."""
    rows = [{"side": side, "who": who, _COLUMNS[who[0]]: who[1:]} for side, who in whom]
    return {"asked": orjson.dumps(rows).decode()}


def _read_lives(session: Session, asked: dict[str, str], found: dict[Whose, Known]) -> None:
    for side, who, country, locale in session.execute(_LIVES, asked):
        one = found[side, who]
        one.country, one.language = country, language_of(locale)


def _read_leads(session: Session, asked: dict[str, str], found: dict[Whose, Known]) -> None:
    """The first lead of a person says the channel, all of them the steps."""
    for side, who, contacted_at, channel, country, language, stages in session.execute(_LEADS, asked):
        one = found[side, who]
        one.reach("contacted", contacted_at)
        for stage, at in (stages or {}).items():
            if stage in STEPS[side]:
                one.reach(stage, datetime.fromisoformat(at))
        one.lead_by = one.lead_by or channel
        one.country, one.language = one.country or country, one.language or language_of(language)


def _read_credits(session: Session, found: dict[Whose, Known]) -> None:
    telling = {told.id: one for one in found.values() if (told := one.telling)}
    credited: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    columns = (Credit.conversion_id, Credit.channel, Credit.share)
    for conversion, channel, share in session.execute(
        select(*columns).where(among(Credit.conversion_id, list(telling)), Credit.share > 0)
    ):
        credited[conversion][channel] += share
    for conversion, shares in credited.items():
        telling[conversion].credited = dict(shares)


def language_of(locale: str | None) -> str:
    """What a person's locale counts as, as in `growth.measurement.languages`."""
    return closest(locale) or (OTHER if locale else "")
