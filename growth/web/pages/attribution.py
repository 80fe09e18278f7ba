"""Attribution: which model and which windows give the credit, and what others would give, before one is adopted."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from growth.attribution.adopting import OFFERED, adopt, choice_of, default_choice, history, latest, since_days
from growth.attribution.channels import CHANNELS, labels
from growth.attribution.models import MARKOV, MODELS, ORDERS, TIME_DECAY
from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.comparing_models import Compared, compare
from growth.measurement.side_words import WORDS
from growth.money import Money
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.attribution_form import PERIODS, Typed, read, typed
from growth.web.channel_words import SIDE_NAMES
from growth.web.formats import money_text, number_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/attribution")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(
    group=N_("Overview"), label=N_("Attribution"), href="/attribution", icon="share", order=40, roles=READERS
)
SINCE = {
    "now": N_("From now on"),
    "28": N_("The last 28 days too"),
    "90": N_("The last 90 days too"),
    "all": N_("All that is known"),
}

_BACK = {"28": 28, "90": 90, "all": None}


@router.get("", dependencies=[allow(*READERS)])
def attribution(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """What counts now, and the model asked for beside it."""
    asked = read(request.query_params)
    if not asked.asked:
        return _page(request, session, viewer.has(Role.MANAGER), asked)
    try:
        found = compare(session, asked.choice(), asked.days, clock.now())
    except InvalidError as error:
        may = viewer.has(Role.MANAGER)
        return _page(request, session, may, asked, status=422, errors={error.field: error})
    return _page(request, session, viewer.has(Role.MANAGER), asked, compared=found)


def _page(
    request: Request, session: Session, may: bool, asked: Typed, *, status: int = 200,
    compared: Compared | None = None, **more: Any,
) -> Response:  # fmt: skip
    counts = latest(session, asked.side)
    now = choice_of(counts) if counts else default_choice(asked.side)
    shown = asked if asked.asked else Typed(asked.side, asked.days, typed(now))
    return render(
        request,
        "attribution.html",
        status=status,
        may=may,
        sides=SIDE_NAMES,
        asked=shown,
        counts=counts,
        in_use=now,
        names=labels(asked.side),
        versions=history(session, asked.side),
        models=[(key, said(request, MODELS[key])) for key in OFFERED],
        model_names=MODELS,
        orders=[(str(order), str(order)) for order in ORDERS],
        periods=[(str(days), number_text(days, locale_of(request))) for days in PERIODS],
        money=lambda minor: (
            money_text(Money(minor, compared.currency), locale_of(request), whole=True) if compared else ""
        ),
        channels=CHANNELS[asked.side],
        compared=compared,
        words=WORDS[asked.side],
        since=[(key, said(request, words)) for key, words in SINCE.items()],
        time_decay=TIME_DECAY,
        markov=MARKOV,
        **({"errors": {}} | more),
    )


async def form_fields(request: Request) -> dict[str, str]:
    """The form's fields, whatever their names."""
    return {name: text for name, text in (await request.form()).items() if isinstance(text, str)}


@router.post("/adopt", dependencies=[allow(Role.MANAGER)])
def adopt_model(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    form: Annotated[dict[str, str], Depends(form_fields)],
) -> Response:
    """Have conversions credited by it, from now on or further back."""
    asked, back, after, now = read(form), form.get("since", "now"), form.get("after", ""), clock.now()
    seen = int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else 0
    try:
        choice = asked.choice()
        adopt(session, choice, since=since_days(now, _BACK.get(back, 0)), after=seen, actor=viewer.email, now=now)
    except InvalidError as error:
        return _page(request, session, True, asked, status=422, errors={error.field: error})
    words = N_("“%(model)s” gives the credit. Reports are brought up to date within a minute.")
    told = said(request, MODELS[choice.model])
    return toast(see_other(f"/attribution?side={choice.side}"), words, model=told)
