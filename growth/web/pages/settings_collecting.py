"""Collecting: the script for our sites, whom it believes, and what arrived lately."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from growth.errors import InvalidError
from growth.events.lately import MOST, bots_since, latest, refused_of_collector
from growth.events.rules import Rules, agents_of, collector_rules, networks_of, save_collector_rules, sites_of
from growth.locales import N_
from growth.people.accounts import Role
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.navigation import NavEntry
from growth.web.public.site_script import snippet
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/settings/collecting")
NAV = NavEntry(
    group=N_("Run"),
    label=N_("Collecting"),
    href="/settings/collecting",
    also="/settings/files",
    icon="click",
    order=36,
    roles=(Role.MARKETER,),
)
BOTS = {
    "agent": N_("Calls itself a program"),
    "network": N_("From a data centre"),
    "automation": N_("A browser driven by a program"),
    "too_fast": N_("Faster than a person"),
}
_SHOWN = 20
_DAY = timedelta(days=1)


class RulesForm(BaseModel):
    """The rules as they were typed."""

    sites: str = ""
    respects_gpc: bool = False
    respects_dnt: bool = False
    browser_orders: bool = False
    automation_is_bot: bool = False
    bot_agents: str = ""
    bot_networks: str = ""

    def read(self) -> tuple[Rules | None, dict[str, InvalidError]]:
        """The rules, or what is wrong with which field."""
        wrong: dict[str, InvalidError] = {}
        lines: dict[str, Any] = {}
        for field, reader in (("sites", sites_of), ("bot_agents", agents_of), ("bot_networks", networks_of)):
            try:
                lines[field] = reader(getattr(self, field))
            except InvalidError as error:
                wrong[field] = error
        flags = {name: getattr(self, name) for name in ("respects_gpc", "respects_dnt", "browser_orders")}
        return (None if wrong else Rules(**flags, automation_is_bot=self.automation_is_bot, **lines)), wrong


def typed(rules: Rules) -> RulesForm:
    """The rules as a form shows them."""
    return RulesForm(
        sites="\n".join(rules.sites),
        respects_gpc=rules.respects_gpc,
        respects_dnt=rules.respects_dnt,
        browser_orders=rules.browser_orders,
        automation_is_bot=rules.automation_is_bot,
        bot_agents="\n".join(rules.bot_agents),
        bot_networks="\n".join(rules.bot_networks),
    )


@router.get("", dependencies=[allow(Role.MARKETER)])
def collecting_page(request: Request, session: SessionDep, viewer: ViewerDep) -> Response:
    """The snippet, the rules, and what arrived; who isn't an admin reads the rules."""
    return _page(request, session, typed(collector_rules(session)), may=viewer.has(Role.ADMIN))


def _page(
    request: Request, session: Session, asked: RulesForm, *, may: bool, status: int = 200, **more: Any
) -> Response:
    now = request.app.state.clock.now()
    return render(
        request,
        "settings_collecting.html",
        status=status,
        asked=asked,
        may=may,
        snippet=snippet(collector_rules(session)),
        door=f"{settings().public_url}/e",
        latest=latest(session, _SHOWN),
        bots=[(BOTS.get(name, name), count) for name, count in bots_since(session, now - _DAY).items()],
        most=MOST,
        refused=refused_of_collector(session, now),
        words=BOTS,
        **({"errors": {}} | more),
    )


@router.post("", dependencies=[allow()])
def save(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, asked: Annotated[RulesForm, Form()]
) -> Response:
    """Keep the rules, all or none."""
    rules, wrong = asked.read()
    if rules is None:
        return _page(request, session, asked, may=True, status=422, errors=wrong)
    save_collector_rules(session, rules, actor=viewer.email, now=clock.now())
    return toast(see_other("/settings/collecting"), N_("The rules are saved. They hold for what arrives from now on."))
