"""Channel rules: which contact belongs to which channel, in order, with what other rules would change."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES, labels
from growth.attribution.conditions import EVENTS, FIELDS, OPERATORS
from growth.attribution.previewing import NOWHERE, Preview, preview
from growth.attribution.ruling import latest_rules, rules_in_use, save_rules
from growth.errors import InvalidError
from growth.locales import N_
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.pages.attribution import READERS, form_fields
from growth.web.rendering import render, said, see_other
from growth.web.rules_form import RulesTyped, read, shown
from growth.web.toasts import toast

router = APIRouter(prefix="/attribution/rules")
PAST = {"": N_("From now on"), "too": N_("For the last days too")}


@router.get("", dependencies=[allow(*READERS)])
def rules_page(request: Request, session: SessionDep) -> Response:
    """The rules in use."""
    return _page(request, session, shown(rules_in_use(session)))


def _page(
    request: Request, session: Session, typed: RulesTyped, *, status: int = 200, found: Preview | None = None,
    errors: dict[str, InvalidError] | None = None,
) -> Response:  # fmt: skip
    names = {side: labels(side) | {NOWHERE: N_("No contact")} for side in SIDES}
    return render(
        request,
        "attribution_rules.html",
        status=status,
        typed=typed,
        errors=errors or {},
        preview=found,
        saved=latest_rules(session),
        fields=[(key, said(request, words)) for key, words in FIELDS.items()],
        operators=[(key, said(request, words)) for key, words in OPERATORS.items()],
        past=[(key, said(request, words)) for key, words in PAST.items()],
        events=", ".join(EVENTS),
        sides=SIDE_NAMES,
        names=names,
        channels={side: [(key, said(request, name)) for key, name in labels(side).items()] for side in SIDES},
    )


@router.post("/preview", dependencies=[allow(*READERS)])
def preview_rules(
    request: Request, session: SessionDep, clock: ClockDep, form: Annotated[dict[str, str], Depends(form_fields)]
) -> Response:
    """What these rules would change; nothing is saved."""
    typed = read(form)
    try:
        found = preview(session, typed.rules(), typed.back(), clock.now())
    except InvalidError as error:
        return _page(request, session, typed, status=422, errors={error.field: error})
    return _page(request, session, typed, found=found)


@router.post("", dependencies=[allow(*READERS)])
def keep_rules(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep,
    form: Annotated[dict[str, str], Depends(form_fields)],
) -> Response:  # fmt: skip
    """Have contacts told by these rules from now on, and those of the last days anew where that was chosen."""
    typed, now = read(form), clock.now()
    try:
        rules, since = typed.rules(), typed.since(now)
        version = save_rules(session, rules, after=typed.version, since=since, actor=viewer.email, now=now)
    except InvalidError as error:
        return _page(request, session, typed, status=422, errors={error.field: error})
    words: Any = N_("Version %(number)s of the rules is saved. It holds for contacts from now on.")
    if since is not None:
        words = N_("Version %(number)s of the rules is saved. Earlier contacts are told anew within the next minutes.")
    return toast(see_other("/attribution/rules"), words, number=version)
