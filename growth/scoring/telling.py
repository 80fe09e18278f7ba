"""An evaluation, and the card of a model, as tables for a terminal."""

from typing import Any

from rich.table import Table

from growth.scoring.records import ScoringModel

_FIGURES = {
    "auc": "Order (AUC): a won lead is ranked above one that was not",
    "baseline_auc": "The same by the share won of the one best column",
    "average_precision": "Average precision",
    "lift_top_10pct": "Wins in the best tenth, times the average",
    "brier": "Brier score (lower is better)",
    "ece": "Calibration error (0.02: 2 points off on average)",
    "log_loss": "Log loss",
}


def tables(found: dict[str, Any]) -> list[Table]:
    """What was evaluated and how well it went, then what was dropped and what is suspected, where there is any."""
    made = [_summary(found)]
    for name, title in (("dropped", "Dropped"), ("suspected_leakage", "Known only after the fact? Look, and --drop")):
        if found[name]:
            table = Table("Column", "Why", title=title, title_justify="left")
            for one in found[name]:
                table.add_row(one["column"], one["why"])
            made.append(table)
    return made


def _summary(found: dict[str, Any]) -> Table:
    table = Table("", "", title=f"{found['label']} = {found['positive']}", title_justify="left", show_header=False)
    guessed = " (found, not named)" if found["label_guessed"] else ""
    table.add_row("Label", f"{found['label']} = {found['positive']}{guessed}")
    table.add_row("Rows", f"{found['rows']:,}, of them {found['positives']:,} won")
    table.add_row("Split", found["split"])
    table.add_row("Model", f"{found['model']}: {found['settings']}; calibration: {found['calibration']}")
    for name, words in _FIGURES.items():
        table.add_row(words, f"{found[name]:.3f}")
    table.add_row("Took", f"{found['seconds']:.1f} s")
    return table


def card_of(model: ScoringModel) -> dict[str, Any]:
    """A model's card as JSON-ready values."""
    decision = model.card["decision"]
    return {
        "model": model.id,
        "target": model.target,
        "kind": model.kind,
        "state": model.state,
        "trained_at": model.trained_at,
        "data_from": model.data_from,
        "data_until": model.data_until,
        "rows": model.rows,
        "positives": model.positives,
        "measures": model.measures,
        "card": model.card,
        "decision": decision["message"] % decision["values"] if decision["values"] else decision["message"],
    }


def card_table(told: dict[str, Any]) -> Table:
    """The card as one table."""
    table = Table("", "", title=f"Model {told['model']}: {told['target']}", title_justify="left", show_header=False)
    table.add_row("Kind", f"{told['kind']}; calibration: {told['card']['calibration']}")
    table.add_row("Learnt from", f"{told['rows']:,} looks at leads, {told['positives']:,} of them won")
    for name, words in _FIGURES.items():
        if name in told["measures"]:
            table.add_row(words, f"{told['measures'][name]:.3f}")
    table.add_row("Looks at", ", ".join(one["name"] for one in told["card"]["features"]))
    table.add_row("Decision", told["decision"])
    return table
