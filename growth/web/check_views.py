"""Findings of the checks as they are shown: what needs somebody first, each with the place to put it right."""

from collections.abc import Sequence
from typing import Any

from growth.campaigns.checks.finding import Check
from growth.campaigns.records import Campaign
from growth.locales import N_
from growth.web.formats import number_text

_ORDER = ("bad", "warn", "good", "info")
_ICONS = {"bad": "circle-x", "warn": "alert-triangle", "good": "circle-check", "info": "info-circle"}
_SPOKEN = {
    "bad": N_("Stands in the way"),
    "warn": N_("Look at this"),
    "good": N_("Good"),
    "info": N_("Worth knowing"),
}
_LABELS = {
    "subject": N_("Shorten"),
    "audience": N_("Change audience"),
    "message": N_("Change message"),
    "settings": N_("Settings"),
    "sending": N_("Rules of sending"),
    "people": N_("Show one"),
    "experiment": N_("Change experiment"),
}


def check_values(campaign: Campaign, checks: Sequence[Check], locale: str) -> dict[str, Any]:
    """What `campaign_checks.html` shows, and how many findings stand in the way or want to be looked at."""
    return {
        "campaign": campaign,
        "checks": [_shown(campaign, one, locale) for one in sorted(checks, key=lambda one: _ORDER.index(one.tone))],
        "stopped": sum(one.tone == "bad" for one in checks),
        "warned": sum(one.tone == "warn" for one in checks),
    }


def _shown(campaign: Campaign, check: Check, locale: str) -> dict[str, Any]:
    href = _href(campaign, check) if check.tone != "good" else None
    kind = check.at.partition("/")[0]
    return {
        "tone": check.tone,
        "icon": _ICONS[check.tone],
        "spoken": _SPOKEN[check.tone],
        "sentence": check.sentence,
        "remedy": check.remedy,
        "filled": {name: _written(value, locale) for name, value in check.values.items()},
        "href": href,
        "label": _LABELS.get(check.key if check.key in _LABELS and kind == "message" else kind),
    }


def _written(value: Any, locale: str) -> Any:
    return number_text(value, locale) if isinstance(value, int | float) else value


def _href(campaign: Campaign, check: Check) -> str | None:
    places = {
        "audience": f"/campaigns/{campaign.id}/audience",
        "experiment": f"/campaigns/{campaign.id}/experiment",
        "message": f"/templates/{campaign.message}" + (f"?locale={check.locale}" if check.locale else ""),
        "settings": "/settings",
        "sending": "/settings/sending",
    }
    return f"/{check.at}" if check.at.startswith("people/") else places.get(check.at)
