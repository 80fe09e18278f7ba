"""The steps of the job of triggered campaigns as a process that can be killed: `… MOMENT`."""

import sys
from datetime import datetime
from typing import Any

from growth.campaigns.occasions import triggered
from growth.database.engine import make_engine, transaction
from growth.scheduling.run import Step
from growth.settings import settings


def main(moment: str) -> None:
    now = datetime.fromisoformat(moment)
    engine = make_engine(str(settings().database_url))
    sys.stdout.write("begin\n")
    sys.stdout.flush()
    steps: tuple[Any, ...] = (triggered.take_events, triggered.take_stages, triggered.admit)
    for step in steps:
        while True:
            with transaction(engine) as session:
                done: Step = step(session, now, None, 7)
            if done.next is None:
                break


if __name__ == "__main__":
    main(*sys.argv[1:])
