"""Tables and examples of the documentation say what the code does."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from growth.campaigns.audience import REASONS
from growth.campaigns.audiences.conditions import checked, leaves
from growth.campaigns.audiences.fields import FIELDS
from growth.campaigns.audiences.parts import EVENT_KINDS, MESSAGE_STEPS
from growth.campaigns.email.bounces import CLASSES
from growth.campaigns.email.soft_bounces import ADDRESS_CLASSES
from growth.campaigns.experiments.fields import read_json
from growth.campaigns.messages.blocks import BLOCKS
from growth.campaigns.messages.sources import FILES
from growth.campaigns.messages.variables import VARIABLES
from growth.campaigns.occasions.causes import EVENTS
from growth.campaigns.states import State
from growth.people.permission.jurisdictions import rules
from growth.people.suppression import REASONS as SUPPRESSED
from growth.people.suppression_list import REMOVABLE
from growth.web.sending_form import SendingForm
from tests.docs.test_docs import ROOT
from tests.running.starting import growth


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def table(name: str, first: str) -> list[list[str]]:
    """The rows, as cells, of the table whose header begins with this."""
    _, _, rest = page(name).partition(f"\n| {first}")
    _, _, rows = rest.partition("|\n")
    lines = rows.partition("\n\n")[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|---")]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def block(name: str, language: str, place: int = 0) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", page(name), re.DOTALL)[place])


def test_the_fields_of_audiences() -> None:
    catalogue = [
        [f"`{field.name}`", field.yes, field.no, ", ".join(part.name for part in field.parts)]
        for field in FIELDS.values()
    ]
    assert table("audiences", "Field") == catalogue
    assert all(re.search(rf"\b{one}\b", page("audiences")) for one in (*EVENT_KINDS, *MESSAGE_STEPS))


def test_the_conditions_that_are_shown_can_be_saved() -> None:
    shown = checked(orjson.loads(block("audiences", "json")))
    assert len(list(leaves(shown))) == 5


def test_the_jurisdictions() -> None:
    known = [
        [
            rule.name,
            ", ".join(sorted(rule.bases)),
            rule.double_opt_in,
            str(rule.confirmation_days),
            str(rule.evidence_years),
        ]
        for rule in rules()
    ]
    shown = [[one[0], ", ".join(sorted(one[1].split(", "))), *one[2:]] for one in table("permission", "Where")]
    assert shown == known


def test_the_reasons_for_suppression() -> None:
    shown = {one[0]: one[2] for one in table("permission", "Reason")}
    assert list(shown) == list(SUPPRESSED)
    assert {reason for reason, back in shown.items() if "by hand" in back} == set(REMOVABLE)


def test_the_reasons_for_being_left_out_in_their_order() -> None:
    assert [names(one[0]) for one in table("campaigns", "Reason")] == [[reason] for reason in REASONS]


def test_the_states_of_campaigns() -> None:
    shown = [state for one in table("campaigns", "State") for state in one[0].split(", ")]
    assert shown == [state.value for state in State]


def test_what_sets_a_campaign_off() -> None:
    assert all(re.search(rf"\b{event}\b", page("campaigns")) for event in EVENTS)


def test_the_rules_of_sending() -> None:
    shown = [name for one in table("sending", "Rule") for name in names(one[0])]
    assert sorted(shown) == sorted(SendingForm.model_fields)


def test_the_classes_of_bounces() -> None:
    shown = {one[0]: one[2] for one in table("sending", "Bounce")}
    assert set(shown) == set(CLASSES)
    assert {name for name, of_address in shown.items() if of_address == "yes"} == set(ADDRESS_CLASSES)


def test_the_files_variables_and_blocks_of_messages() -> None:
    assert [name for one in table("messages", "File") for name in names(one[0])] == list(FILES)
    assert table("messages", "Variable") == [[f"`{name}`", one.label] for name, one in VARIABLES.items()]
    assert all(f"`{name}" in page("messages") for name in BLOCKS)


def test_the_experiment_that_is_shown_can_be_read() -> None:
    assert len(read_json(block("experiments", "json"))["arms"]) == 2


def test_the_file_that_is_evaluated_gives_the_effects_that_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "sale.csv"
    file.write_text(block("experiments", "csv"))
    (line,) = re.findall(r"^\$ growth (campaigns experiment evaluate .*)$", page("experiments"), re.MULTILINE)
    answer = growth(*line.replace("sale.csv", str(file)).split())
    assert answer.returncode == 0, answer.stderr
    found = orjson.loads(answer.stdout)["effects"]["mailed"]
    shown: dict[str, Any] = orjson.loads(block("experiments", "json", 1))["effects"]["mailed"]
    method = shown.pop("method")
    assert found["method"] == method
    assert {name: found[name] for name in shown} == pytest.approx(shown, abs=0.005)
