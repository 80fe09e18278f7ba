"""Scoring: is the model right, what does it look at, and which model is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from growth.errors import NotFoundError
from growth.locales import N_
from growth.people.accounts import Role
from growth.scoring.promotion import champion_of, models_of, promote
from growth.scoring.records import ScoringModel
from growth.scoring.target import SELLER_WON_90D
from growth.web.access import EVERYBODY, ClockDep, SessionDep, ViewerDep, allow
from growth.web.charts import Point, calibration, gain, nice_top, ticks
from growth.web.formats import number_text, percent_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/scoring")
NAV = NavEntry(
    group=N_("Sellers"), label=N_("Scoring"), href="/scoring", icon="target-arrow", order=40, roles=EVERYBODY
)

KINDS = {
    "base_rate": N_("Share won so far"),
    "logistic": N_("Logistic"),
    "boosted_trees": N_("Boosted trees"),
    "blend": N_("Logistic and boosted trees together"),
}
STATES = {"champion": N_("In use"), "candidate": N_("Candidate"), "retired": N_("Retired")}


@dataclass(frozen=True)
class Drawn:
    """A chart with the rows of its table."""

    svg: Markup
    rows: Sequence[tuple[str, ...]]


@router.get("", dependencies=[allow(*EVERYBODY)])
def scoring(request: Request, session: SessionDep, viewer: ViewerDep) -> Response:
    """The card of the model in use, or what will be here."""
    return _page(request, session, champion_of(session, SELLER_WON_90D), may=viewer.has(Role.MANAGER))


@router.get("/{model_id}", dependencies=[allow(*EVERYBODY)])
def model_card(request: Request, session: SessionDep, viewer: ViewerDep, model_id: int) -> Response:
    """The card of any model."""
    model = session.get(ScoringModel, model_id)
    if model is None:
        raise NotFoundError(N_("There is no scoring model %(model)d."), model=model_id)
    return _page(request, session, model, may=viewer.has(Role.MANAGER))


@router.post("/{model_id}/promote", dependencies=[allow(Role.MANAGER)])
def promote_model(session: SessionDep, viewer: ViewerDep, clock: ClockDep, model_id: int) -> Response:
    """Use this model from the next scoring on."""
    before = promote(session, model_id, actor=viewer.email, now=clock.now())
    undo = f"/scoring/{before}/promote" if before is not None and before != model_id else None
    return toast(
        see_other("/scoring"), N_("Model %(model)d is in use from the next scoring on."), undo=undo, model=model_id
    )


def _page(request: Request, session: Session, model: ScoringModel | None, *, may: bool) -> Response:
    models = models_of(session, SELLER_WON_90D)
    candidate = next((one for one in models if one.state == "candidate"), None)
    measured = model is not None and "auc" in model.measures
    return render(
        request,
        "scoring.html",
        target=SELLER_WON_90D,
        model=model,
        models=models,
        candidate=candidate,
        may=may,
        kinds=KINDS,
        states=STATES,
        measured=measured,
        calibrated=_calibration(request, model.measures) if model and measured else None,
        gained=_gain(request, model.measures) if model and measured else None,
    )


def _calibration(request: Request, measures: dict[str, Any]) -> Drawn:
    locale = locale_of(request)
    points, rows = [], []
    for one in measures["calibration"]:
        told, seen, low, high = (percent_text(one[key], locale, 1) for key in ("said", "seen", "low", "high"))
        words = said(
            request,
            N_("Said %(said)s, seen %(seen)s (%(low)s to %(high)s)"),
            said=told,
            seen=seen,
            low=low,
            high=high,
        )
        points.append(Point(one["said"], one["seen"], one["low"], one["high"], words))
        rows.append((told, seen, f"{low} – {high}", number_text(one["leads"], locale)))
    top = min(nice_top(max(max(point.high, point.x) for point in points)), 1.0)
    label = said(request, N_("Share won against the probability said, in groups of equal size"))
    axis = [percent_text(tick, locale) for tick in ticks(top)]
    return Drawn(calibration(points, label, axis, top), rows)


def _gain(request: Request, measures: dict[str, Any]) -> Drawn:
    locale = locale_of(request)
    curve = [(x, y) for x, y in measures["gain"]]
    label = said(request, N_("Share of all wins reached when the best-scored leads are called first"))
    rows = [(percent_text(x, locale), percent_text(y, locale)) for x, y in curve]
    return Drawn(gain(curve, label, [percent_text(tick, locale) for tick in ticks(1.0)]), rows)
