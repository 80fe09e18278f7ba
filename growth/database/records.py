"""Names every module that declares records, so that metadata is complete before the first query or migration."""

import importlib

MODULES = (
    "growth.database.workspace",
    "growth.database.audit",
    "growth.database.changed_days",
    "growth.scheduling.records",
    "growth.people.records",
    "growth.people.permission.records",
    "growth.experiments.records",
    "growth.people.accounts",
    "growth.events.records",
    "growth.spend.records",
    "growth.attribution.records",
    "growth.leads.records",
    "growth.campaigns.audiences.records",
    "growth.campaigns.messages.records",
    "growth.campaigns.sending.records",
    "growth.campaigns.records",
    "growth.campaigns.occasions.records",
    "growth.campaigns.experiments.records",
    "growth.campaigns.letters.records",
    "growth.scoring.records",
    "growth.measurement.records",
    "growth.measurement.by_campaign.records",
    "growth.measurement.funnels.records",
    "growth.measurement.advice.records",
    "growth.measurement.reports.records",
)


def load() -> None:
    """Import every module of records. By name, since imports only look down the house."""
    for module in MODULES:
        importlib.import_module(module)
