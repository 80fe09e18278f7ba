"""A real marketplace's seller leads through `growth score evaluate`: first 70 % by contact date, last 30 % held out."""

import csv
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson

from bench import Figure

FUNNEL = Path(__file__).parents[2] / "shared" / "data" / "olist_funnel"
_LEADS = "olist_marketing_qualified_leads_dataset.csv.gz"
_DEALS = "olist_closed_deals_dataset.csv.gz"
_PLAIN_AUC = 0.684
"""A logistic model on origin, landing page and date, on the same split."""
_PLAIN_ECE = 0.018


def run() -> list[Figure]:
    """AUC and calibration error, beside the limits and beside a plain logistic model on the same split."""
    if not FUNNEL.is_dir():
        print("Left out: the Olist funnel is not at ../shared/data/olist_funnel beside this checkout.")
        return []
    with tempfile.TemporaryDirectory() as folder:
        found = evaluate(labelled(Path(folder) / "funnel.csv"))
    note = f"{found['rows']} leads, {found['positives']} won, {found['model']}"
    return [
        Figure("Olist by time: AUC", found["auc"], "", "limit", 0.67, more_is_better=True, note=note),
        Figure("Olist by time: AUC", found["auc"], "", "plain logistic", _PLAIN_AUC, 0.98, more_is_better=True),
        Figure("Olist by time: calibration error", found["ece"], "", "limit", 0.025),
        Figure("Olist by time: calibration error", found["ece"], "", "plain logistic", _PLAIN_ECE, 1.4),
        Figure("Olist by time: whole evaluation", found["seconds"], "s", "limit", 60),
    ]


def labelled(path: Path) -> Path:
    """The two files as somebody would join them: each lead with whether a deal was made of it."""
    won = {row["mql_id"] for row in _rows(FUNNEL / _DEALS)}
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["first_contact_date", "landing_page_id", "origin", "won"])
        for row in _rows(FUNNEL / _LEADS):
            won_now = "yes" if row["mql_id"] in won else "no"
            out.writerow([row["first_contact_date"], row["landing_page_id"], row["origin"], won_now])
    return path


def evaluate(path: Path) -> dict[str, float]:
    """What the command prints."""
    command = [str(Path(sys.executable).with_name("growth")), "score", "evaluate", str(path)]
    asked = ["--label", "won", "--time", "first_contact_date", "--json"]
    told = subprocess.run([*command, *asked], check=True, capture_output=True).stdout
    found: dict[str, float] = orjson.loads(told)
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
