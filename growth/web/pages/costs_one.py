"""One line of cost: where it comes from, what it comes to with its corrections, and the form to put it right."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from sqlalchemy.orm import Session

from growth.errors import InvalidError, RefusedError
from growth.locales import N_
from growth.people.accounts import Role
from growth.spend.cells import amount_of
from growth.spend.correcting import LONGEST_NOTE, correct, corrections_of, cost_by_id, stands_at
from growth.spend.listing import turned_lines
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.cost_words import named, row_of
from growth.web.pages.costs import READERS
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/costs")
LineId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Cell = Annotated[str, Form(max_length=2_000)]


@router.get("/{line_id}", dependencies=[allow(*READERS)])
def line(request: Request, session: SessionDep, viewer: ViewerDep, line_id: LineId) -> Response:
    """The line."""
    return _page(request, session, line_id, may=viewer.has(Role.MANAGER))


def _page(
    request: Request,
    session: Session,
    line_id: int,
    *,
    may: bool,
    written: dict[str, str] | None = None,
    errors: dict[str, InvalidError] | None = None,
) -> Response:
    found = cost_by_id(session, line_id)
    corrections = corrections_of(session, found)
    (shown, *_) = turned_lines(session, [found])
    stands = stands_at(found, corrections)
    return render(
        request,
        "costs_one.html",
        status=422 if errors else 200,
        found=row_of(request, shown),
        words=named(request, found),
        side=SIDE_NAMES[found.side],
        corrections=[row_of(request, one) for one in turned_lines(session, corrections)],
        stands=stands,
        may=may and found.corrects is None,
        longest=LONGEST_NOTE,
        written={"amount": str(stands.amount), "reason": ""} | (written or {}),
        errors=errors or {},
    )


@router.post("/{line_id}/correct", dependencies=[allow(Role.MANAGER)])
def put_right(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    line_id: LineId,
    amount: Cell = "",
    reason: Cell = "",
) -> Response:
    """Put it right by a line beside it."""
    found = cost_by_id(session, line_id)
    try:
        with session.begin_nested():
            should_be = amount_of(amount, found.currency)
            correct(session, line_id, should_be, reason, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        written = {"amount": amount, "reason": reason}
        return _page(request, session, line_id, may=True, written=written, errors={error.field: error})
    except RefusedError as error:
        raise InvalidError("amount", error.message, remedy=error.remedy) from None
    return toast(see_other(f"/costs/{line_id}"), N_("The line is corrected. What it was stays to be seen."))
