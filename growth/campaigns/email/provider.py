"""The email provider: what we need of one, and SendGrid's own client in that role."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from growth.errors import GrowthError, PermanentError, RefusedError, TransientError
from growth.locales import N_
from growth.settings import settings

if TYPE_CHECKING:
    from python_http_client.exceptions import HTTPError

    from growth.campaigns.email.calling import NoAnswerError

MOST_RECIPIENTS = 1_000
"""Personalizations of one request (SendGrid, v3 mail send, limitations)."""

_LONGEST_WAIT = 3600.0
# Told of another type, the client doesn't make the JSON itself, which is slow and spells out every letter beyond ASCII.
_AS_TEXT = {"Content-Type": "application/json; charset=utf-8"}
_PLACE = re.compile(r"personalizations\.(\d+)(?:\.|$)")


class RecipientsRefusedError(RefusedError):
    """The provider took nothing, since it can't take all of these recipients in one request.

    `positions` names the ones it can't take at all; empty when it doesn't say, or when the request is too large.
    """

    def __init__(self, message: str, *, positions: Sequence[int] = (), **values: object) -> None:
        super().__init__(message, remedy=None, **values)
        self.positions = frozenset(positions)


class InDoubtError(GrowthError):
    """Nobody knows whether the provider took it."""


class NotLetInError(PermanentError):
    """The provider takes nothing from us before somebody changes the key, the sender or the account."""


class EmailProvider(Protocol):
    """Takes one message for many recipients, all or none."""

    def send(self, request: Mapping[str, Any], now: datetime) -> str:
        """Hand over a request in the form of SendGrid's v3 mail send; gives the provider's own id.

        Raises TransientError, PermanentError or RecipientsRefusedError when nothing was taken, InDoubtError when
        that isn't known.
        """
        ...


class _Body(bytes):
    """A request's body in a form that the client neither encodes nor spells out for its log.

    That would take longer than all the rest of a call, and a log is no place for addresses.
    """

    def encode(self, _encoding: str) -> bytes:
        """As it is."""
        return self

    def __format__(self, _spec: str) -> str:
        return f"{len(self)} bytes"


class SendGridProvider:
    """SendGrid, by its own client; a whole call takes no longer than `seconds`."""

    def __init__(self, key: str, url: str, seconds: float) -> None:
        from growth.campaigns.email.calling import client  # noqa: PLC0415 - only workers send

        self._client = client(key, url)
        self._seconds = seconds

    def send(self, request: Mapping[str, Any], now: datetime) -> str:
        """POST /v3/mail/send."""
        from python_http_client.exceptions import HTTPError  # noqa: PLC0415 - likewise

        from growth.campaigns.email.calling import NoAnswerError  # noqa: PLC0415 - likewise

        try:
            answer = self._client.mail.send.post(
                request_body=_Body(orjson.dumps(request)), request_headers=_AS_TEXT, timeout=self._seconds
            )
        except HTTPError as error:
            raise _refusal(error, now) from error
        except NoAnswerError as error:
            raise _silence(error) from error
        if answer.status_code != 202:  # another 2xx says that it is in order, or comes from somebody else's server
            raise _refused(f"status {answer.status_code}")
        return str(answer.headers.get("X-Message-Id") or "")


def _silence(error: "NoAnswerError") -> GrowthError:
    """No answer means doubt only where the request can have been sent."""
    if error.reached:
        return _in_doubt(str(error))
    return TransientError(
        N_("SendGrid can't be reached: %(reason)s."),
        remedy=N_("Check the network and GROWTH_SENDGRID_URL."),
        reason=str(error)[:300],
    )


def _in_doubt(reason: str) -> InDoubtError:
    return InDoubtError(N_("SendGrid did not say whether it took the messages: %(reason)s."), reason=reason[:300])


def _refusal(error: "HTTPError", now: datetime) -> GrowthError:
    """What an answer other than 2xx means, by SendGrid's documented status codes and error bodies."""
    status, told = int(error.status_code), _told(error.body)
    words = "; ".join(message.rstrip(".") for _, message in told)[:500] or f"status {status}"
    if status == 429:
        wait = _wait(error.headers, now)
        return TransientError(N_("SendGrid asks us to send more slowly."), retry_after=wait)
    if status >= 500:
        return _in_doubt(f"status {status}")
    if status == 413:
        return RecipientsRefusedError(N_("The request was too large for SendGrid."))
    if status in {401, 403}:
        return NotLetInError(
            N_("SendGrid doesn't let us send: %(reason)s."),
            remedy=N_("Check GROWTH_SENDGRID_API_KEY and that the sender is verified, then resume the campaign."),
            reason=words,
        )
    if status == 400 and told and all(field.startswith("personalizations") for field, _ in told):
        named = [int(place[1]) for field, _ in told if (place := _PLACE.match(field))]
        return RecipientsRefusedError(N_("SendGrid refuses a recipient: %(reason)s."), positions=named, reason=words)
    return _refused(words)


def _refused(reason: str) -> PermanentError:
    return PermanentError(
        N_("SendGrid refuses the message: %(reason)s."),
        remedy=N_("Correct the message or the sender, then resume the campaign."),
        reason=reason,
    )


def _told(body: bytes) -> list[tuple[str, str]]:
    """Field and message of each error in an answer's body."""
    try:
        errors = orjson.loads(body)["errors"]
        return [(str(one.get("field") or ""), str(one.get("message") or "")) for one in errors]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _wait(headers: Any, now: datetime) -> float:
    """Seconds until the next request may be made: Retry-After, else X-RateLimit-Reset (seconds since 1970)."""
    for name, since in (("Retry-After", 0.0), ("X-RateLimit-Reset", now.timestamp())):
        text = str(headers.get(name) or "") if hasattr(headers, "get") else ""
        if text.isdecimal():
            return min(max(int(text) - since, 1.0), _LONGEST_WAIT)
    return 60.0


def email_provider() -> EmailProvider:
    """The provider of this installation. Raises PermanentError when none is set."""
    key = settings().sendgrid_api_key
    if key is None:
        raise PermanentError(
            N_("No SendGrid key is set, so nothing can be sent."),
            remedy=N_("Set GROWTH_SENDGRID_API_KEY, then resume the campaign."),
        )
    return _provider(key.get_secret_value(), settings().sendgrid_url, settings().sendgrid_timeout_seconds)


@lru_cache
def _provider(key: str, url: str, seconds: float) -> EmailProvider:
    return SendGridProvider(key, url, seconds)
