"""An experiment and what a campaign truly caused, in words, tables and charts, for the campaign's page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from babel import dates
from fastapi import Request
from markupsafe import Markup
from sqlalchemy.orm import Session

from growth.campaigns.experimenting import Setup, experiment_of
from growth.campaigns.experiments.effects import Caused, caused
from growth.campaigns.experiments.fields import OUTCOMES, Declaration
from growth.campaigns.experiments.winners import effect_of
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.database.workspace import workspace
from growth.experiments.assigning import Arm
from growth.experiments.deciding import Ending, Rule
from growth.experiments.proportions import Effect, Share
from growth.locales import N_
from growth.money import Money
from growth.web.charts import Interval, interval_reach, intervals
from growth.web.formats import money_text, number_text, percent_text
from growth.web.rendering import locale_of, said

STATES = {"planned": N_("Planned"), "running": N_("Running"), "decided": N_("Decided"), "stopped": N_("Stopped")}
DID = {
    "click": N_("clicked"),
    "visit": N_("visited"),
    "registration": N_("registered"),
    "order": N_("ordered"),
    "shop_open": N_("opened a shop"),
}
BECAUSE = {
    "visit": N_("People who visited because of it"),
    "registration": N_("People who registered because of it"),
    "order": N_("People who ordered because of it"),
    "shop_open": N_("People who opened a shop because of it"),
}


@dataclass(frozen=True)
class Version:
    """A version with its figures so far, and how far it is from the first once that may be told."""

    arm: Arm
    words: str
    share: Share | None
    apart: str
    """Empty before it may be told."""


@dataclass(frozen=True)
class ExperimentPanel:
    """What the campaign's page shows of its experiment."""

    setup: Setup
    state: str
    """One of `STATES`."""
    verdict: str
    versions: Sequence[Version]
    mismatch: bool
    looked_at: datetime | None
    chart: Markup | None
    table: Sequence[tuple[str, ...]]

    @property
    def open(self) -> bool:
        """Whether somebody may still stop it."""
        return self.state in {"planned", "running"}


@dataclass(frozen=True)
class CausedPanel:
    """What sending caused of one outcome."""

    found: Caused
    heading: str
    people: str
    """As `120 (40 … 190)`."""
    value: str | None
    sentence: str
    chart: Markup
    table: Sequence[tuple[str, ...]]


def experiment_values(request: Request, session: Session, campaign: Campaign) -> dict[str, Any]:
    """What `experiment_result.html` is rendered with: `experiment`, `causes` and the words for both."""
    setup = experiment_of(session, campaign.id)
    place = workspace(session)
    currency = place.currency if place else "USD"
    return {
        "experiment": _panel(request, setup, campaign) if setup else None,
        "causes": [panel for one in caused(session, campaign.id) if (panel := _cause(request, one, currency))],
        "experiment_states": STATES,
        "outcome_names": OUTCOMES,
        "did_words": DID,
    }


def _panel(request: Request, setup: Setup, campaign: Campaign) -> ExperimentPanel:
    result, called_off = setup.result or {}, campaign.state == State.CANCELLED and setup.state != "decided"
    told = {name: effect_of(one) for name, one in result.get("effects", {}).items()} if _may_tell(setup) else {}
    versions = [_version(request, arm, result, told.get(arm.name)) for arm in setup.arms]
    rows = [_interval(request, said(request, N_("Version %(name)s"), name=name), one) for name, one in told.items()]
    label = said(request, N_("How far each version is from A, with its interval"))
    return ExperimentPanel(
        setup,
        "stopped" if called_off else setup.state,
        _called_off(request) if called_off else _verdict(request, setup, result),
        versions,
        bool(result.get("mismatch", {}).get("found")),
        datetime.fromisoformat(result["at"]) if result else None,
        intervals(rows, label, _axis(request, rows)) if rows else None,
        [(row.name, points(request, row.middle), _bounds(request, row)) for row in rows],
    )


def _may_tell(setup: Setup) -> bool:
    """Under a fixed rule a difference is told at its end only: looked at earlier, it would mislead."""
    return setup.rule == Rule.SEQUENTIAL or setup.serving is not None


def _version(request: Request, arm: Arm, result: Mapping[str, Any], effect: Effect | None) -> Version:
    counted = result.get("counts", {}).get(arm.name)
    apart = between(request, effect) if effect else ""
    return Version(arm, arm_words(request, arm), Share(**counted) if counted else None, apart)


def _verdict(request: Request, setup: Setup, result: Mapping[str, Any]) -> str:
    """Where it stands, in a sentence or two."""
    serving = setup.serving
    if serving is not None and setup.state == "stopped":
        return said(request, N_("It was ended by hand; version %(name)s goes to everybody since."), name=serving.name)
    if serving is None:
        return said(request, _undecided(setup))
    if result.get("ending") == Ending.MISMATCH:
        return said(
            request, N_("Nothing could be decided; version %(name)s goes to everybody since."), name=serving.name
        )
    if setup.winner is None:
        words = N_("No difference was shown, so version %(name)s goes to everybody since.")
        return said(request, words, name=serving.name)
    return said(request, N_("Version %(name)s won, and goes to everybody since."), name=setup.winner)


def _undecided(setup: Setup) -> str:
    if setup.state == "planned":
        return N_("It begins when the campaign does.")
    if setup.rule == Rule.SEQUENTIAL:
        return N_("It ends as soon as a difference is shown, and may be looked at any time.")
    return N_("Which is better is told when all days are over; looked at earlier, it would mislead.")


def _called_off(request: Request) -> str:
    return said(request, N_("The campaign was cancelled, and the comparison with it: nothing is decided."))


def _cause(request: Request, found: Caused, currency: str) -> CausedPanel | None:
    effect = found.effect
    if effect is None:
        return None
    row = _interval(request, said(request, OUTCOMES[found.outcome]), effect)
    value = found.value
    return CausedPanel(
        found,
        said(request, BECAUSE[found.outcome]),
        _three(effect, lambda share: number_text(round(share * found.mailed.people), locale_of(request))),
        _three(value, lambda each: _money(request, each * found.mailed.people, currency)) if value else None,
        _said_of(request, effect),
        intervals(
            [row], said(request, N_("The difference that sending made, with its interval")), _axis(request, [row])
        ),
        [(row.name, points(request, row.middle), _bounds(request, row))],
    )


def _three(effect: Effect, words: Any) -> str:
    return f"{words(effect.effect)} ({words(effect.low)} … {words(effect.high)})"


def _money(request: Request, minor: float, currency: str) -> str:
    return money_text(Money(round(minor), currency), locale_of(request), whole=True)


def _said_of(request: Request, effect: Effect) -> str:
    if effect.low > 0:
        words = N_("Sending made a difference: %(points)s points (%(low)s to %(high)s).")
    elif effect.high < 0:
        words = N_("Sending did harm: %(points)s points (%(low)s to %(high)s).")
    else:
        words = N_("Not shown to have made a difference: %(points)s points (%(low)s to %(high)s).")
    return said(request, words, points=points(request, effect.effect), low=points(request, effect.low),
                high=points(request, effect.high))  # fmt: skip


def points(request: Request, share: float) -> str:
    """A share in points with its sign, `+2.41`."""
    sign = "+" if share > 0 else ""
    return sign + number_text(share * 100, locale_of(request), 2)


def between(request: Request, effect: Effect) -> str:
    """`+2.41 (+0.90 … +3.92)`, in points."""
    return _three(effect, lambda share: points(request, share))


def _bounds(request: Request, row: Interval) -> str:
    return f"{points(request, row.low)} … {points(request, row.high)}"


def _interval(request: Request, name: str, effect: Effect) -> Interval:
    words = f"{name}: {between(request, effect)}"
    return Interval(name, effect.effect, effect.low, effect.high, words)


def _axis(request: Request, rows: Sequence[Interval]) -> tuple[str, str, str]:
    reach = interval_reach(rows)
    return points(request, -reach), said(request, N_("no difference")), points(request, reach)


def hour_text(hour: int, locale: str) -> str:
    """`9:00 AM` or `09:00`, as the locale has it."""
    return str(dates.format_time(time(hour), "short", locale=locale))


def arm_words(request: Request, arm: Arm) -> str:
    """What a version changes, in a line."""
    texts = {**arm.changes.get("preheaders", {}), **arm.changes.get("subjects", {})}
    locale = locale_of(request)
    said_there = texts.get(locale) or next(iter(texts.values()), None)
    words = [f"“{said_there}”"] if said_there else []
    if arm.message:
        words.append(arm.message.replace("_", " ").capitalize())
    if arm.hour is not None:
        words.append(said(request, N_("at %(hour)s"), hour=hour_text(arm.hour, locale)))
    return ", ".join(words) or said(request, N_("as the campaign says"))


def experiment_words(request: Request, declared: Declaration) -> str:
    """An experiment in a line, for the review and for what somebody else saved."""
    locale = locale_of(request)
    versions = "; ".join(
        f"{arm.name} ({percent_text(arm.share / 10_000, locale)}): {arm_words(request, arm)}" for arm in declared.arms
    )
    return said(
        request,
        N_("%(versions)s. %(part)s take part; %(outcome)s within %(days)s days counts."),
        versions=versions,
        part=percent_text(declared.test_percent / 100, locale),
        outcome=said(request, OUTCOMES[declared.outcome]),
        days=declared.horizon_days,
    )
