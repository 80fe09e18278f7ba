"""A fanned-out job: thirty chunks write the numbers from 0 to 2,999."""

import time

from sqlalchemy import text

from growth.locales import N_
from growth.scheduling.declare import chunk, job
from growth.scheduling.run import ChunkRun, JobRun


@job(name=N_("Number parts"), does=N_("Numbers parts."), when=None)
def number_parts(run: JobRun) -> None:
    parts = [{"first": first, "pause": run.args["pause"]} for first in range(0, 3000, 100)]
    run.fan_out("number_a_part", parts, total=3000)


@chunk("number_a_part")
def number_a_part(work: ChunkRun) -> int:
    with work.transaction() as session:
        first = work.args["first"]
        insert = text("insert into numbered (number) select generate_series(cast(:first as bigint), :last)")
        session.execute(insert, {"first": first, "last": first + 99})
        time.sleep(work.args["pause"])
        work.finish(session, 100)
    return 100
