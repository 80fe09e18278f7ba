"""E-mail: whether SendGrid takes our key, can tell us what happened, and links lead anywhere."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from growth.locales import N_
from growth.running.doctor.database import NOTICEABLE, judge_clock
from growth.running.doctor.finding import Finding, State
from growth.settings import Settings


def check(config: Settings, *, demo: bool, now: datetime) -> Iterator[Finding]:
    """The key at the provider, the webhook's key, the public address."""
    if demo:
        yield Finding("sendgrid", State.SKIPPED, N_("Not checked: the demo reaches no real provider."))
        return
    if config.sendgrid_api_key is None:
        yield Finding(
            "sendgrid",
            State.WARNING,
            N_("No SendGrid key is set, so no campaign can be sent."),
            N_("Set GROWTH_SENDGRID_API_KEY."),
        )
    else:
        status, scopes, date = ask_for_scopes(config.sendgrid_api_key.get_secret_value(), config.sendgrid_url)
        yield judge_key(status, scopes)
        if date is not None and abs(date - now) > NOTICEABLE:
            yield judge_clock(date - now, "SendGrid")
    yield judge_webhook_key(config.sendgrid_webhook_key)
    yield judge_address(config.public_url)


def ask_for_scopes(key: str, url: str) -> tuple[int, list[str], datetime | None]:
    """GET /v3/scopes: the status (0 when nobody answers within 5 s), what the key may do, the provider's clock."""
    from python_http_client.exceptions import HTTPError  # noqa: PLC0415 - takes a moment that not every check needs
    from sendgrid import SendGridAPIClient  # noqa: PLC0415 - likewise

    client = SendGridAPIClient(key, host=url).client
    client.timeout = 5
    try:
        answer = client.scopes.get()
    except HTTPError as error:
        return int(error.status_code), [], _moment(error.headers)
    except OSError:
        return 0, [], None
    return int(answer.status_code), list(answer.to_dict.get("scopes", [])), _moment(answer.headers)


def _moment(headers: object) -> datetime | None:
    given = headers.get("Date") if hasattr(headers, "get") else None
    return parsedate_to_datetime(given).astimezone(UTC) if given else None


def judge_key(status: int, scopes: list[str]) -> Finding:
    """What the provider's answer means."""
    values = {"status": status}
    if status == 200 and "mail.send" in scopes:
        return Finding("sendgrid", State.OK, N_("SendGrid takes the key."))
    if status == 200:
        return Finding(
            "sendgrid",
            State.FAILED,
            N_("The SendGrid key may not send e-mail."),
            N_("Give it the permission “Mail Send” in SendGrid's settings, under API Keys."),
        )
    if status in (401, 403):
        return Finding(
            "sendgrid",
            State.FAILED,
            N_("SendGrid refuses the key."),
            N_("Make a new one in SendGrid's settings, under API Keys, and set GROWTH_SENDGRID_API_KEY."),
        )
    return Finding(
        "sendgrid",
        State.FAILED,
        N_("SendGrid can't be asked (status %(status)s).") if status else N_("SendGrid doesn't answer."),
        N_("Check this machine's way to the internet, and GROWTH_SENDGRID_URL."),
        values,
    )


def judge_webhook_key(key: str | None) -> Finding:
    """Whether the key of the signed event webhook is one."""
    if not key:
        return Finding(
            "webhook",
            State.WARNING,
            N_("SendGrid can't report deliveries, opens and bounces: its webhook's key isn't set."),
            N_("Turn on the signed event webhook in SendGrid and set GROWTH_SENDGRID_WEBHOOK_KEY to its public key."),
        )
    try:
        load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return Finding(
            "webhook",
            State.FAILED,
            N_("GROWTH_SENDGRID_WEBHOOK_KEY is no public key."),
            N_("Copy it again from SendGrid's settings, under Event Webhook: one line of base64."),
        )
    return Finding("webhook", State.OK, N_("The event webhook's key is set."))


def judge_address(public_url: str) -> Finding:
    """Whether links in messages lead here from elsewhere."""
    parts = urlsplit(public_url)
    if parts.hostname in ("127.0.0.1", "localhost", "::1", "0.0.0.0"):  # noqa: S104 - compared, not listened on
        return Finding(
            "address",
            State.WARNING,
            N_("Links in messages lead to %(url)s, which only this machine can open."),
            N_("Set GROWTH_BASE_URL to the public address."),
            {"url": public_url},
        )
    if parts.scheme != "https":
        return Finding(
            "address",
            State.WARNING,
            N_("The public address %(url)s is not encrypted."),
            N_("Put a proxy with TLS in front, and set GROWTH_BASE_URL to its https address."),
            {"url": public_url},
        )
    return Finding("address", State.OK, N_("Links in messages lead to %(url)s."), values={"url": public_url})
