"""Evidence of permissions: kept while they hold and as long after as somebody may ask for it, then only its hash."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.orm import Session

from growth.keyring import keyring
from growth.people.permission.jurisdictions import Rule, jurisdiction_of, rule_of, rules
from growth.people.permission.records import Confirmation
from growth.people.records import Consent, ConsentFact, Person
from growth.scheduling.run import Step

PROOF = "proof"
_YEAR = timedelta(days=366)
"""The longest: evidence is kept rather a day too long than one too short."""


def kept_until(ended: datetime, rule: Rule) -> datetime:
    """When evidence of a permission that ended at a moment may be forgotten."""
    return ended + rule.evidence_years * _YEAR


def rule_for(jurisdiction: str) -> Rule:
    """The rule of a fact: by its code, or by the country that older facts name; the strictest otherwise."""
    return rule_of(jurisdiction) or jurisdiction_of(jurisdiction)


def proof_of(evidence: dict[str, Any], wording: str) -> str:
    """What stays of evidence: whoever has the original can show that it is the one, and nobody can read it here."""
    told = orjson.dumps({"evidence": evidence, "wording": wording}, option=orjson.OPT_SORT_KEYS)
    return keyring().keyed_hash("evidence", told.decode()).hex()


def forget(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Look at the next `size` old facts, and leave of those that nobody may ask for any more only a proof.

    Who said what and when stays; page, network and the like go. The job looks at each fact once a day.
    """
    facts = _old_facts(session, now, after or 0, size)
    forgotten = [
        {"id": fact.id, "evidence": {PROOF: proof_of(fact.evidence, fact.wording), "forgotten_at": now.isoformat()}}
        for fact in facts
        if fact.evidence and PROOF not in fact.evidence and fact.ended is not None
        if kept_until(fact.ended, rule_for(fact.jurisdiction)) <= now
    ]
    if forgotten:
        session.execute(update(ConsentFact), forgotten)
    return Step(done=len(forgotten), next=facts[-1].id if len(facts) == size else None)


def _old_facts(session: Session, now: datetime, after: int, size: int) -> list[Row[*tuple[Any, ...]]]:
    """Facts that can be old enough, each with when the permission it is of ended; null while it holds."""
    youngest = now - min(rule.evidence_years for rule in rules()) * _YEAR
    fact = select(ConsentFact).where(ConsentFact.id > after, ConsentFact.recorded_at < youngest)
    old = fact.order_by(ConsentFact.id).limit(size).subquery()
    ended = func.least(Person.erased_at, Consent.at)
    same = (Consent.person_id == old.c.person_id, Consent.purpose == old.c.purpose, Consent.channel == old.c.channel)
    asked = (
        select(old.c.id, old.c.evidence, old.c.wording, old.c.jurisdiction, ended.label("ended"))
        .join(Person, Person.id == old.c.person_id)
        .outerjoin(Consent, (same[0]) & (same[1]) & (same[2]) & Consent.granted.is_(False))
        .order_by(old.c.id)
    )
    return list(session.execute(asked).all())


def forget_confirmations(session: Session, now: datetime, _after: object, size: int) -> Step:
    """Remove the next `size` confirmations that were given or expired so long ago.

    The evidence of those given is the fact's by then, and kept with that.
    """
    old = or_(
        *(
            (Confirmation.jurisdiction == rule.code) & (Confirmation.asked_at <= now - rule.evidence_years * _YEAR)
            for rule in rules()
        )
    )
    some = select(Confirmation.id).where(Confirmation.state != "waiting", old).order_by(Confirmation.id).limit(size)
    gone = session.scalars(delete(Confirmation).where(Confirmation.id.in_(some)).returning(Confirmation.id)).all()
    return Step(done=len(gone), next=len(gone) or None)
