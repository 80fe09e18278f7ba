"""Weekly reports: the weeks, one report as a page that prints well, its files, and sending it by hand."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from growth.database.changed_days import SIDES, zone_of
from growth.errors import GrowthError, InvalidError
from growth.locales import N_
from growth.measurement.figures import compare
from growth.measurement.reports import figures_in_words as words
from growth.measurement.reports import keeping, mailing
from growth.measurement.reports.files import as_csv, as_parquet
from growth.measurement.reports.readers import all_readers
from growth.measurement.reports.records import ReportSnapshot
from growth.measurement.reports.snapshot import Snapshot, from_json
from growth.measurement.reports.weeks import last_week, name_of
from growth.measurement.side_words import WORDS
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, see_other
from growth.web.report_views import shown
from growth.web.toasts import toast

router = APIRouter(prefix="/reports")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(group=N_("Overview"), label=N_("Reports"), href="/reports", icon="file-text", order=11, roles=READERS)
PAGE = 20
LETTER_STATES = {
    "planned": N_("waits to be sent"),
    "claimed": N_("is being sent"),
    "in_doubt": N_("nobody knows yet whether it arrived"),
    "accepted": N_("sent"),
    "delivered": N_("delivered"),
    "bounced": N_("came back"),
    "refused": N_("not sent"),
}
ParquetType = "application/vnd.apache.parquet"


def _before(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidError("before", N_("There is no such week.")) from None


@router.get("", dependencies=[allow(*READERS)])
def reports(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, before: str = "") -> Response:
    """A page of weeks, the newest first."""
    found = keeping.weeks(session, before=_before(before), limit=PAGE + 1)
    week = last_week(clock.now(), zone_of(session))
    return render(
        request,
        "reports.html",
        rows=[_row(request, *kept) for one in found[:PAGE] for kept in one.by_side.values()],
        older=found[PAGE - 1].week if len(found) > PAGE else None,
        may=viewer.has(Role.MANAGER),
        missing=any(keeping.newest_of(session, week, side) is None for side in SIDES),
    )


def _row(request: Request, kept: ReportSnapshot, snapshot: Snapshot) -> dict[str, Any]:
    locale, now = locale_of(request), snapshot.total
    delta = compare(now.acquired, snapshot.total_before.acquired, more_is="good")
    return {
        "id": kept.id,
        "version": kept.version,
        "made_at": kept.made_at,
        "period": words.span(kept.first, kept.last, locale),
        "side": SIDE_NAMES[kept.side],
        "words": WORDS[kept.side].in_words(locale).acquired,
        "acquired": words.count(now.acquired, locale),
        "change": words.change(delta, locale),
        "tone": delta.tone,
        "cost": words.amount(now.cost_minor, snapshot.currency, locale),
        "back": words.times(now.back, locale),
    }


@router.post("", dependencies=[allow(Role.MANAGER)])
def make(session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """The reports of the last week, where they aren't there yet."""
    week = last_week(clock.now(), zone_of(session))
    for side in SIDES:
        keeping.keep_week(session, week, side, made_by=viewer.email, now=clock.now())
    return toast(see_other("/reports"), N_("The report of week %(week)s is made."), week=name_of(week))


@router.get("/{report_id}", dependencies=[allow(*READERS)])
def one(request: Request, session: SessionDep, viewer: ViewerDep, report_id: int) -> Response:
    """One report."""
    kept = keeping.report_by_id(session, report_id)
    return _page(request, session, kept, may=viewer.has(Role.MANAGER))


def _page(
    request: Request,
    session: SessionDep,
    kept: ReportSnapshot,
    *,
    may: bool,
    errors: dict[str, GrowthError] | None = None,
) -> Response:
    assert kept.week is not None
    week = kept.week
    readers = all_readers(session) if may else []
    newest = {side: found.id for side in SIDES if (found := keeping.newest_of(session, week, side)) is not None}
    return render(
        request,
        "report.html",
        status=422 if errors else 200,
        kept=kept,
        sides=SIDE_NAMES,
        others=newest | {kept.side: kept.id},
        may=may,
        readers=readers,
        letters=mailing.letters_of_week(session, week, [reader.id for reader in readers]),
        letter_states=LETTER_STATES,
        chosen=[],
        versions=keeping.versions_of(session, week, kept.side),
        errors=errors or {},
        **shown(from_json(kept.content), locale_of(request)),
    )


@router.get("/{report_id}/report.csv", dependencies=[allow(*READERS)])
def as_spreadsheet(request: Request, session: SessionDep, report_id: int) -> Response:
    """The table by channel as a spreadsheet opens it."""
    kept = keeping.report_by_id(session, report_id)
    text = "\ufeff" + as_csv(from_json(kept.content), locale_of(request))
    return Response(text, media_type="text/csv; charset=utf-8", headers=_named(kept, "csv"))


@router.get("/{report_id}/report.parquet", dependencies=[allow(*READERS)])
def as_columns(session: SessionDep, report_id: int) -> Response:
    """The same for programs."""
    kept = keeping.report_by_id(session, report_id)
    return Response(as_parquet(from_json(kept.content)), media_type=ParquetType, headers=_named(kept, "parquet"))


def _named(kept: ReportSnapshot, ending: str) -> dict[str, str]:
    assert kept.week is not None
    version = f"-{kept.version}" if kept.version > 1 else ""
    return {"Content-Disposition": f'attachment; filename="{kept.side}-{name_of(kept.week)}{version}.{ending}"'}


@router.post("/{report_id}/send", dependencies=[allow(Role.MANAGER)])
def send(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    report_id: int,
    *,
    to: Annotated[list[int], Form()] = [],  # noqa: B006 - read only
) -> Response:
    """Post it to colleagues."""
    kept = keeping.report_by_id(session, report_id)
    try:
        mailing.send_to(session, kept, to, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _page(request, session, kept, may=True, errors={error.field: error})
    return toast(see_other(f"/reports/{kept.id}"), N_("The report is on its way."))


@router.post("/{report_id}/again", dependencies=[allow(Role.MANAGER)])
def make_again(session: SessionDep, viewer: ViewerDep, clock: ClockDep, report_id: int) -> Response:
    """Its next version, with what is known now."""
    kept = keeping.report_by_id(session, report_id)
    assert kept.week is not None
    made = keeping.keep_week(session, kept.week, kept.side, made_by=viewer.email, now=clock.now(), again=True)
    return toast(see_other(f"/reports/{made.id}"), N_("The report is made again, as version %(version)s."),
                 version=made.version)  # fmt: skip
