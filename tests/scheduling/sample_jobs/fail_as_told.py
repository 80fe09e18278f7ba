"""A job that fails in the way its arguments say, as often as they say."""

from growth.errors import PermanentError, TransientError
from growth.locales import N_
from growth.scheduling.declare import Retries, chunk, job
from growth.scheduling.run import ChunkRun, JobRun


@job(name=N_("Fail"), does=N_("Fails."), when=None, retries=Retries(times=2, first=0.2))
def fail_as_told(run: JobRun) -> None:
    if run.args.get("parts"):
        run.fan_out("fail_a_part", [{"part": part, **run.args} for part in range(run.args["parts"])])
        return
    run.tell("Attempt.")
    run.moved_on = bool(run.args.get("moved_on"))
    if run.args["how"] == "transient":
        raise TransientError("%(who)s did not answer.", who="SendGrid", retry_after=run.args.get("retry_after"))
    if run.args["how"] == "permanent":
        raise PermanentError("The sender %(sender)s is not verified.", remedy="Verify it.", sender="a@example.com")
    if run.args["how"] == "bug":
        raise KeyError("nobody expects this")


@chunk("fail_a_part")
def fail_a_part(work: ChunkRun) -> int:
    if work.args["part"] == 1 and work.args["how"] == "permanent":
        raise PermanentError("Part %(part)s is bad.", part=1)
    return 1
