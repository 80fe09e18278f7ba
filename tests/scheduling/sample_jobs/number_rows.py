"""A job in steps: writes the numbers from 0 to 2,999, a hundred a step, slowly."""

import time
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.locales import N_
from growth.scheduling.declare import job
from growth.scheduling.run import JobRun, Step

LAST = 3000


@job(name=N_("Number rows"), does=N_("Numbers rows."), when=None)
def number_rows(run: JobRun) -> None:
    run.expect(LAST)
    run.in_chunks(_number, size=100, pause=run.args["pause"])


def _number(session: Session, _now: datetime, after: int | None, size: int, pause: float) -> Step:
    first = after or 0
    numbers = list(range(first, min(first + size, LAST)))
    session.execute(
        text("insert into numbered (number) select unnest(cast(:numbers as bigint[]))"), {"numbers": numbers}
    )
    time.sleep(pause)
    following = first + size
    return Step(done=len(numbers), next=following if following < LAST else None)
