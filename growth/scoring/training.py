"""Learning a model from leads whose end is known, judging it on later ones, and deciding whether it takes over."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from growth.locales import N_
from growth.scoring.examples import Examples
from growth.scoring.measures import Measures, calibration_points, gain_curve, measure
from growth.scoring.models.columns import Flags, Numbers, Rows
from growth.scoring.scorer import Scorer, cold_start, make_scorer, telling
from growth.scoring.target import Target

_LATER = 0.3
FEWEST_LATER = 100
"""Later rows needed to judge by."""
FEWEST_ENDS = 10
"""Of either end, among the later rows and among those before."""

TOO_FEW = N_(
    "Too few leads have ended to learn from: %(wins)s of %(rows)s were won. Until then the share won by channel is the"
    " score."
)
UNTIL_BETTER = N_("Until a model has proved better, the share won by channel is the score.")
WAITS = N_("The champion stays: only %(later)s later leads have ended since it learnt, too few to judge by.")
FIRST = N_("First model: on %(later)s later leads its log loss is %(ours)s, against %(theirs)s of the plain share won.")
NOT_USED = N_(
    "Not used: on %(later)s later leads its log loss is %(ours)s, no better than %(theirs)s of the plain share won."
)
PROMOTED = N_("Promoted: on %(later)s later leads its log loss is %(ours)s, against %(theirs)s of the champion.")
STAYS = N_("The champion stays: on %(later)s later leads its log loss is %(theirs)s, against %(ours)s of the new one.")


@dataclass(frozen=True)
class Champion:
    """The model in use, as far as training needs it. `data_until` is the newest first contact it learnt from."""

    id: int
    kind: str
    rows: int
    positives: int
    data_until: datetime | None
    scorer: Scorer | None


@dataclass(frozen=True)
class Decision:
    """Whether the new model takes over, in words: a translatable sentence and its values."""

    promoted: bool
    message: str
    values: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the model card."""
        return {"promoted": self.promoted, "message": self.message, "values": self.values}


@dataclass(frozen=True)
class Learnt:
    """What came of a training: a scorer fitted on all rows and how its like did on later ones; None when not tried."""

    scorer: Scorer | None
    measures: dict[str, Any]
    decision: Decision
    examples: Examples
    dropped: list[str]


def learn(target: Target, examples: Examples, champion: Champion | None) -> Learnt:
    """Learn from the earlier rows, judge on the later ones beside the champion, and learn again from all.

    Later means after the first 70 % of rows and after all that the champion learnt from, so that neither is judged on
    what it has seen. Without enough of them the champion stays, or everybody gets the share won so far.
    """
    _, dropped = telling(examples.frame)
    cut = _cut(examples.contacted, champion)
    seen, held = np.flatnonzero(examples.contacted <= cut), np.flatnonzero(examples.contacted > cut)
    if not (_enough(examples.won[seen]) and _enough(examples.won[held]) and len(held) >= FEWEST_LATER):
        return _too_few(target, examples, champion, len(held), dropped)
    challenger = _made(target, examples, seen)
    said = challenger.predict(examples.frame.take(held))
    against = _against(target, examples, seen, held, champion)
    won = examples.won[held]
    ours, theirs = measure(said, won), measure(against, won)
    decision = _decide(ours, theirs, champion, len(held))
    measures = _measures(ours, theirs, said, won)
    return Learnt(_made(target, examples, np.arange(len(examples.won))), measures, decision, examples, dropped)


def _made(target: Target, examples: Examples, rows: Rows) -> Scorer:
    frame, won = examples.frame.take(rows), examples.won[rows]
    return make_scorer(frame, won, examples.contacted[rows], examples.leads[rows], target.prior)


def _cut(contacted: Numbers, champion: Champion | None) -> float:
    """The moment after which rows are later ones."""
    if len(contacted) == 0:
        return 0.0
    first_part = float(np.quantile(contacted, 1 - _LATER, method="lower"))
    # A share by channel has nothing to remember, so it is fitted anew on the earlier rows.
    if champion is None or champion.scorer is None or champion.kind == "base_rate" or champion.data_until is None:
        return first_part
    return max(first_part, champion.data_until.timestamp())


def _enough(won: Flags) -> bool:
    return FEWEST_ENDS <= int(won.sum()) <= len(won) - FEWEST_ENDS


def _too_few(target: Target, examples: Examples, champion: Champion | None, later: int, dropped: list[str]) -> Learnt:
    nothing_new = champion and (champion.rows, champion.positives) == (len(examples.won), int(examples.won.sum()))
    if champion is not None and champion.scorer is not None and (champion.kind != "base_rate" or nothing_new):
        return Learnt(None, {}, Decision(promoted=False, message=WAITS, values={"later": later}), examples, dropped)
    return share_by_channel(target, examples, dropped, TOO_FEW)


def share_by_channel(target: Target, examples: Examples, dropped: list[str], why: str = UNTIL_BETTER) -> Learnt:
    """What scores until a model has proved better."""
    scorer = cold_start(examples.frame, examples.won, target.prior)
    values = {"wins": int(examples.won.sum()), "rows": len(examples.won)}
    return Learnt(scorer, {}, Decision(promoted=True, message=why, values=values), examples, dropped)


def _against(target: Target, examples: Examples, seen: Rows, held: Rows, champion: Champion | None) -> Numbers:
    """What the champion says of the later rows; the share won by channel before, where there is none to speak of."""
    later = examples.frame.take(held)
    if champion is not None and champion.scorer is not None and champion.kind != "base_rate":
        return champion.scorer.predict(later)
    if champion is None:
        return np.full(len(held), float(examples.won[seen].mean()))
    return cold_start(examples.frame.take(seen), examples.won[seen], target.prior).predict(later)


def _decide(ours: Measures, theirs: Measures, champion: Champion | None, later: int) -> Decision:
    values = {"ours": f"{ours.log_loss:.4f}", "theirs": f"{theirs.log_loss:.4f}", "later": later}
    promoted = ours.log_loss < theirs.log_loss
    if champion is None:
        return Decision(promoted=promoted, message=FIRST if promoted else NOT_USED, values=values)
    return Decision(promoted=promoted, message=PROMOTED if promoted else STAYS, values=values)


def _measures(ours: Measures, theirs: Measures, said: Numbers, won: Flags) -> dict[str, Any]:
    return {
        **ours.as_json(),
        "later": len(won),
        "later_won": int(won.sum()),
        "champion": theirs.as_json(),
        "calibration": calibration_points(said, won),
        "gain": gain_curve(said, won),
    }


def moment(seconds: float) -> datetime:
    """An aware moment of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
