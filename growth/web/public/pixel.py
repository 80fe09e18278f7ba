"""`/o/{signed}.gif`: the picture that tells us a message was opened."""

import base64
import logging

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from growth.campaigns.email.machines import opened_by_machine
from growth.campaigns.email.recipients import recipients
from growth.database.engine import transaction
from growth.errors import RefusedError
from growth.events.links import read_open
from growth.web.access import ClockDep, public
from growth.web.public.happened import happened, is_reading

router = APIRouter()

_log = logging.getLogger("growth.web")

PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""One transparent point, 43 bytes."""

# Webmail shows pictures of messages inside its own pages.
_HEADERS = {"Cross-Origin-Resource-Policy": "cross-origin", "X-Robots-Tag": "noindex"}


@router.api_route("/o/{signed}.gif", methods=["GET", "HEAD"], dependencies=[public()])
def opened(request: Request, clock: ClockDep, signed: str) -> Response:
    """Always the picture, so that no message shows a broken one, whatever the signature or the database says."""
    if is_reading(request):
        try:
            _count(request, clock, signed)
        except RefusedError:
            pass
        except SQLAlchemyError:
            _log.exception("an opened message could not be counted")
    return Response(PICTURE, media_type="image/gif", headers=_HEADERS)


def _count(request: Request, clock: ClockDep, signed: str) -> None:
    delivery = read_open(signed)
    with transaction(request.app.state.engine) as session:
        recipient = recipients(session, [delivery]).get(delivery)
        if recipient is not None:
            machine = opened_by_machine(request.headers.get("user-agent", ""))
            happened(session, recipient, "email_machine_open" if machine else "email_open", "pixel", clock.now())
