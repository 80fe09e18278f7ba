"""A real marketplace's leads, imported as a customer would: their labels, their scores and the reasons for them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, select

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.leads.importing.bring_in import LeadImport, import_leads
from growth.leads.reading import Worker
from growth.leads.records import Lead
from growth.scoring.evaluating import Asked, evaluate
from growth.scoring.examples import read_examples
from growth.scoring.queue import Asked as AskedQueue
from growth.scoring.queue import read_queue
from growth.scoring.ranking import score_open
from growth.scoring.records import LeadRank
from growth.scoring.retraining import keep
from growth.scoring.target import SELLER_WON_90D
from growth.scoring.training import share_by_channel

FUNNEL = Path(__file__).parents[3] / "shared" / "data" / "olist_funnel"
SPRING = datetime(2018, 5, 1, tzinfo=UTC)
AFTERWARDS = datetime(2018, 12, 1, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not FUNNEL.is_dir(), reason="../shared/data/olist_funnel is not there")


@pytest.fixture
def funnel(engine: Engine, tmp_path: Path) -> Engine:
    brought = import_leads(engine, FixedClock(AFTERWARDS), LeadImport(paths=[FUNNEL], rejected=tmp_path), by="test")
    assert (brought.counts.new, brought.counts.won, brought.counts.rejected) == (8_000, 842, 0)
    return engine


def test_labels_are_wins_within_the_horizon_of_leads_that_had_it(funnel: Engine) -> None:
    with transaction(funnel) as session:
        dated = select(func.min(Lead.contacted_at), func.max(Lead.contacted_at))
        assert [moment.date().isoformat() for moment in session.execute(dated).one()] == ["2017-06-14", "2018-05-31"]
        found = read_examples(session, SELLER_WON_90D, SPRING)
        assert found.contacted.max() <= (SPRING - SELLER_WON_90D.horizon).timestamp()
        late = select(func.count()).where(Lead.won_at > Lead.contacted_at + timedelta(days=90))
        assert (session.scalar(late) or 0) > 50
        everything = read_examples(session, SELLER_WON_90D, AFTERWARDS)
    first = np.unique(everything.leads, return_index=True)[1]
    assert 0.06 < everything.won[first].mean() < 0.105


def test_open_leads_are_scored_with_reasons_and_queued(funnel: Engine) -> None:
    with transaction(funnel) as session:
        examples = read_examples(session, SELLER_WON_90D, SPRING)
        keep(session, SELLER_WON_90D, share_by_channel(SELLER_WON_90D, examples, []), None, SPRING)
        after, done = None, 0
        while True:
            step = score_open(session, AFTERWARDS, after, 2_000)
            done, after = done + step.done, step.next
            if after is None:
                break
        assert done == session.scalar(select(func.count()).select_from(LeadRank)) == 8_000 - 842
        page = read_queue(session, AskedQueue("todo", Worker(0)), AFTERWARDS)
    chances = [entry.probability or 0 for entry in page.entries]
    assert chances == sorted(chances, reverse=True)
    assert all(entry.reasons for entry in page.entries)


def test_the_two_files_joined_reach_the_figures(tmp_path: Path) -> None:
    from bench.scoring import labelled

    joined = labelled(tmp_path / "funnel.csv")
    found = evaluate(Asked(joined, label="won", time="first_contact_date"))
    assert (found["rows"], found["positives"]) == (8_000, 842)
    assert found["auc"] >= 0.67
    assert found["ece"] <= 0.025
