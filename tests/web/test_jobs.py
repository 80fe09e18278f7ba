"""The pages of jobs: at a glance, one job, one run; running, pausing, trying again and rescheduling by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.scheduling.records import JobChunk, JobRun, Schedule
from growth.scheduling.schedules import synchronise
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.sample_runs import add_failure, add_going, add_run, planned, sample_jobs
from tests.web.serving import Site

__all__ = ["planned", "sample_jobs"]


def test_at_a_glance(planned: Site, client_as: ClientAs) -> None:
    add_failure(planned)
    add_going(planned)
    at = planned.clock.now() - timedelta(minutes=57)
    add_run(planned.engine, "miss_once", at, state="succeeded", started_at=at, finished_at=at + timedelta(seconds=42))
    page = client_as("manager").get("/jobs").text
    for words in ("All 7", "Running 1", "Failing 1", "Times in Shanghai"):
        assert words in page
    for words in ("1,200 of 3,600", "about 2 min left", "in 42 sec", "1 of 3 parts failed; the others are done."):
        assert words in page
    for words in ("Every day at 6:00", "Every hour at :00", "Every second", "Only by hand"):
        assert words in page
    assert "No worker runs" not in page
    running = client_as("manager").get("/jobs?show=running").text
    assert "Number rows" in running
    assert "Number parts" not in running
    failing = client_as("manager").get("/jobs?show=failing").text
    assert "Number parts" in failing
    assert "Number rows" not in failing
    assert client_as("manager").get("/jobs?show=%00odd").status_code == 200


def test_it_says_when_nobody_does_the_work(site: Site, client_as: ClientAs) -> None:
    assert "No worker runs" in client_as("marketer").get("/jobs").text
    with transaction(site.engine) as session:
        synchronise(session, site.clock.now() - timedelta(hours=2))
        session.execute(text("insert into procrastinate_workers default values"))
    page = client_as("marketer").get("/jobs").text
    assert "No worker runs" not in page
    assert "no scheduler seems to run" in page


def test_a_fragment_is_the_page_without_its_frame(planned: Site, client_as: ClientAs) -> None:
    run_id, going = add_failure(planned), add_going(planned)
    client = client_as("marketer")
    for path in ("/jobs", "/jobs/number_rows", f"/jobs/runs/{run_id}", f"/jobs/runs/{going}"):
        page, fragment = client.get(path).text, client.get(path, headers={"HX-Request": "true"}).text
        assert fragment.strip() in page
        assert "<html" not in fragment
    assert 'hx-trigger="every 2s"' in client.get(f"/jobs/runs/{going}").text
    assert "hx-trigger" not in client.get(f"/jobs/runs/{run_id}").text


def test_running_pausing_and_resuming_by_hand(planned: Site, client_as: ClientAs) -> None:
    client = client_as("manager")
    assert client.post("/jobs/miss_once/run?back=/jobs/miss_once").headers["location"] == "/jobs/miss_once"
    assert "Roll up was started." in client.get("/jobs").text
    assert "for a worker" in client.get("/jobs").text
    assert client.post("/jobs/miss_once/run?back=//elsewhere.example").headers["location"] == "/jobs"
    planned.clock.moment += timedelta(seconds=1)  # type: ignore[attr-defined]  # a clock that stands still
    client.post("/jobs/miss_once/run")
    client.post("/jobs/miss_once/run")
    assert "A run of this job already waits for its turn." in client.get("/jobs").text
    client.post("/jobs/miss_once/pause?back=/jobs?show=failing")
    page = client.get("/jobs").text
    assert "Roll up is paused." in page
    assert "by manager" in page
    undo = page.split('class="toast"')[1].split('action="')[1].split('"')[0].replace("&amp;", "&")
    assert client.post(undo).headers["location"] == "/jobs?show=failing"
    with transaction(planned.engine) as session:
        assert session.get_one(Schedule, "miss_once").paused_at is None
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [one.action for one in entries][-2:] == ["pause job", "resume job"]
        assert {one.actor for one in entries} == {"manager@example.com"}
        assert entries[0].action == "run job"


def test_what_has_to_be_told_more_is_not_started_from_here(planned: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    page = client.get("/jobs").text
    assert "When it is told how to end" in page
    assert "Run Live apart now" not in page
    assert "Run now" not in client.get("/jobs/live_apart").text
    client.post("/jobs/live_apart/run")
    assert "has to be told what to work on" in client.get("/jobs").text
    form = {"kind": "hourly", "version": "1"}
    assert client.post("/jobs/live_apart/schedule", data=form).status_code == 409
    with transaction(planned.engine) as session:
        assert session.scalar(select(func.count()).select_from(JobRun)) == 0


def test_a_failed_run_explains_itself_and_is_tried_again(planned: Site, client_as: ClientAs) -> None:
    run_id = add_failure(planned)
    client = client_as("marketer")
    page = client.get(f"/jobs/runs/{run_id}").text
    for words in ("By lin@example.com", "SendGrid says the key is wrong.", "Give it a new one under Settings."):
        assert words in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Line 59." in page
    assert "Line 9." not in page
    older = page.split(f'href="/jobs/runs/{run_id}?before=')[1].split('"')[0]
    assert "Line 9." in client.get(f"/jobs/runs/{run_id}?before={older}").text
    assert client.post(f"/jobs/runs/{run_id}/retry").headers["location"] == f"/jobs/runs/{run_id}"
    page = client.get(f"/jobs/runs/{run_id}").text
    assert "Number parts is tried again." in page
    assert "Tried again by marketer@example.com." in page
    client.post(f"/jobs/runs/{run_id}/retry")
    assert "nothing to try again" in client.get(f"/jobs/runs/{run_id}").text
    with transaction(planned.engine) as session:
        states = session.scalars(select(JobChunk.state).where(JobChunk.run_id == run_id).order_by(JobChunk.position))
        assert list(states) == ["succeeded", "queued", "succeeded"]


def test_a_run_that_waits_for_its_next_try_or_was_left_out_says_so(planned: Site, client_as: ClientAs) -> None:
    now = planned.clock.now()
    words = {"message": "%(who)s did not answer.", "remedy": None, "values": {"who": "Google"}}
    waiting = add_run(
        planned.engine, "miss_once", now, state="queued", task_id=9, words=words, retry_at=now + timedelta(minutes=5)
    )
    skipped = {"message": "Not run: nobody was there, 100% sure %(odd.", "remedy": None, "values": {"x": 1}}
    left_out = add_run(planned.engine, "miss_and_skip", now, state="skipped", finished_at=now, words=skipped)
    client = client_as("marketer")
    page = client.get("/jobs").text
    assert "will try again" in page
    assert "Google did not answer." in page
    assert "Failing 1" in page
    assert "100% sure %(odd." in page
    assert "It failed, and tries again by itself" in client.get(f"/jobs/runs/{waiting}").text
    assert "Why it was left out" in client.get(f"/jobs/runs/{left_out}").text


def test_runs_by_state_and_page_by_page(planned: Site, client_as: ClientAs) -> None:
    start = planned.clock.now() - timedelta(days=3)
    ids = []
    for number in range(30):
        at = start + timedelta(hours=number)
        state = "failed" if number == 3 else "succeeded"
        ids.append(add_run(planned.engine, "miss_once", at, state=state, started_at=at, finished_at=at))
    client = client_as("marketer")
    page = client.get("/jobs/miss_once").text
    assert f"/jobs/runs/{ids[-1]}" in page
    assert f'"/jobs/runs/{ids[4]}"' not in page
    assert f"?before={ids[5]}" in page
    assert f'"/jobs/runs/{ids[4]}"' in client.get(f"/jobs/miss_once?before={ids[5]}").text
    failed = client.get("/jobs/miss_once?state=failed").text
    assert failed.count('href="/jobs/runs/') == 1
    assert "No such run." in client.get("/jobs/miss_once?state=skipped").text


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/nothing",
        "/jobs/os.path",
        "/jobs/runs/99999999999999999999",
        "/jobs/runs/0",
        "/jobs/runs/x",
        "/jobs/miss_once?before=99999999999999999999",
        "/jobs/nothing/schedule",
    ],
)
def test_odd_addresses_are_answered_in_words(planned: Site, client_as: ClientAs, path: str) -> None:
    assert client_as("marketer").get(path).status_code in {404, 422}
    assert planned.url


def test_a_run_whose_job_is_gone_can_still_be_read(planned: Site, client_as: ClientAs) -> None:
    at = planned.clock.now()
    run_id = add_run(planned.engine, "long_gone", at, state="failed", started_at=at, finished_at=at)
    assert "long_gone, run" in client_as("marketer").get(f"/jobs/runs/{run_id}").text
    assert client_as("marketer").post(f"/jobs/runs/{run_id}/retry").status_code == 404


@pytest.mark.browser
def test_for_everyone(planned: Site, page_as: PageAs) -> None:
    run_id, going = add_failure(planned), add_going(planned)
    at = planned.clock.now() - timedelta(minutes=5)
    for number in range(3):
        begun = at - timedelta(hours=number)
        ended = begun + timedelta(seconds=20 + number)
        add_run(planned.engine, "miss_once", begun, state="succeeded", started_at=begun, finished_at=ended)
    page = page_as("marketer")
    for path in ("/jobs", "/jobs/miss_once", "/jobs/number_parts", f"/jobs/runs/{run_id}", f"/jobs/runs/{going}"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200
        for theme in ("light", "dark"):
            for width in (390, 1440):
                page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
                page.set_viewport_size({"width": width, "height": 900})
                axe(page)
                no_sideways_scroll(page)


@pytest.mark.browser
def test_progress_moves_by_itself_and_the_focus_stays(planned: Site, page_as: PageAs) -> None:
    going = add_going(planned)
    page = page_as("marketer")
    page.goto("/jobs")
    page.get_by_text("1,200 of 3,600").wait_for()
    page.get_by_role("button", name="Run Tick now").focus()
    with transaction(planned.engine) as session:
        session.get_one(JobRun, going).done = 2400
    page.get_by_text("2,400 of 3,600").wait_for()
    assert page.evaluate("document.activeElement.id") == "run-tick_each_second"
    page.goto(f"/jobs/runs/{going}")
    with transaction(planned.engine) as session:
        run = session.get_one(JobRun, going)
        run.state, run.finished_at, run.done = "succeeded", planned.clock.now(), 3600
    page.locator(".head .pill", has_text="done").wait_for()


@pytest.mark.browser
def test_an_opened_detail_stays_open_while_the_page_moves(planned: Site, page_as: PageAs) -> None:
    now = planned.clock.now()
    words = {"message": "x" * 300, "remedy": "修改发件人。" * 40, "values": {}}
    waiting = {"state": "queued", "task_id": 9, "words": words, "detail": "Traceback " + "y" * 400}
    starter = {"fired_by": f"person:{'long' * 30}@example.com"}
    run_id = add_run(planned.engine, "miss_once", now, retry_at=now + timedelta(minutes=5), **waiting, **starter)
    page = page_as("marketer", width=390)
    for path in ("/jobs", "/jobs/miss_once", f"/jobs/runs/{run_id}"):
        page.goto(path)
        no_sideways_scroll(page)
    page.get_by_text("Technical detail").click()
    with transaction(planned.engine) as session:
        session.get_one(JobRun, run_id).done = 77
    page.get_by_text("77", exact=True).wait_for()
    assert page.get_by_text("Traceback").is_visible()


@pytest.mark.browser
def test_by_hand_without_a_script(planned: Site, page_as: PageAs) -> None:
    add_failure(planned)
    page = page_as("marketer", width=390, javascript=False)
    page.goto("/jobs")
    page.get_by_role("button", name="Pause Roll up").click()
    page.get_by_text("Roll up is paused.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Roll up runs by its schedule again.").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("Number parts is tried again.").wait_for()
    page.get_by_role("link", name="Number parts").click()
    page.get_by_role("button", name="Run now").click()
    page.get_by_text("Number parts was started.").wait_for()
