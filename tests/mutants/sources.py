"""The guards of sources, and of the name of the newest job of each."""

from tests.mutants.mutations import Mutation

_JOBS = "src/functions/poller/jobs"
_SOURCES = "src/functions/poller/sources"
_STORE, _TEST_STORE = f"{_SOURCES}/store.py", "tests/sources/test_store.py"
_TEST_SOURCES = "tests/integration/test_sources.py"
_LATEST, _TEST_LATEST = f"{_JOBS}/latest.py", "tests/jobs/test_latest.py"

SOURCES: tuple[Mutation, ...] = (
    Mutation(
        "the newest job of a name is never one that was submitted before it (44)",
        _LATEST,
        "if standing is not None and _order(standing.body) >= (iso(job.started_at), job.job_id):",
        "if False:",
        f"{_TEST_LATEST}::test_the_one_that_was_submitted_last_stays",
    ),
    Mutation(
        "also where two end in the same moment (44)",
        "src/functions/poller/aws/s3.py",
        'condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}',
        "condition: dict[str, str] = {}",
        f"{_TEST_LATEST}::test_a_job_that_ends_in_the_same_moment_is_seen",
    ),
    Mutation(
        "only a job that SUCCEEDED is the newest of its name (44)",
        f"{_JOBS}/ending.py",
        "if job.status is JobStatus.SUCCEEDED:",
        "if job:",
        "tests/integration/test_partial_jobs.py::test_what_arrived_in_part_is_not_the_newest_of_its_name",
    ),
    Mutation(
        "a cursor never moves back (44)",
        _STORE,
        "if standing is not None and standing.order >= reached.order:",
        "if False:",
        f"{_TEST_STORE}::test_a_cursor_moves_forward_and_only_for_runs_that_began_with_it",
    ),
    Mutation(
        "a run that began before the cursor was set anew does not move it (44)",
        _STORE,
        "if source is None or source.memory != run.memory:",
        "if source is None:",
        f"{_TEST_STORE}::test_a_cursor_moves_forward_and_only_for_runs_that_began_with_it",
    ),
    Mutation(
        "a source's row is written only as it was read (45)",
        _STORE,
        '"#Version = :was"',
        '"#Version >= :was"',
        f"{_TEST_STORE}::test_of_two_writers_the_second_decides_again_on_what_the_first_wrote",
    ),
    Mutation(
        "one time has one run, however often a schedule calls (45)",
        f"{_SOURCES}/runs.py",
        "due <= source.last_due",
        "due < source.last_due",
        f"{_TEST_SOURCES}::test_a_schedule_that_calls_twice_has_one_run",
    ),
    Mutation(
        "while a run goes, the next one is skipped (45)",
        f"{_SOURCES}/runs.py",
        "if still is not None and source.overlap is Overlap.SKIP:",
        "if False:",
        f"{_TEST_SOURCES}::test_a_run_that_is_due_while_another_goes",
    ),
    Mutation(
        "a run that was noted and got no further is taken up (45)",
        f"{_SOURCES}/runner.py",
        "self._take_up(standing)",
        "pass",
        f"{_TEST_SOURCES}::test_a_run_that_was_noted_and_got_no_further_is_taken_up",
    ),
    Mutation(
        "a caller's own job cannot be incremental (44)",
        "src/functions/poller/specs/parse.py",
        "if spec.incremental is not None:",
        "if False:",
        f"{_TEST_SOURCES}::test_a_job_that_is_no_run_of_a_source_cannot_be_incremental",
    ),
    Mutation(
        "records without a cursor are named (44)",
        f"{_JOBS}/not_as_asked.py",
        "if first is None or job.spec is None or job.spec.incremental is None:",
        "if True:",
        f"{_TEST_SOURCES}::test_records_without_the_cursors_value_are_named_and_the_cursor_stays",
    ),
    Mutation(
        "a schedule that Scheduler refuses changes nothing",
        "src/functions/poller/handlers/api/put_source.py",
        "dependencies.schedules().apply(source)",
        "pass",
        f"{_TEST_SOURCES}::test_a_source_is_kept_shown_listed_and_deleted_with_its_schedule",
    ),
    Mutation(
        "a schedule hands on one role, to Scheduler only",
        "template.yaml",
        'StringEquals: { "iam:PassedToService": scheduler.amazonaws.com }',
        'StringEquals: { "iam:PassedToService": lambda.amazonaws.com }',
        "tests/contract/test_roles.py::test_who_makes_schedules_makes_them_in_the_stacks_own_group_and_hands_on_one_role"
        "_to_one_service",
        after="\n  PutSourceRole:",
    ),
)
