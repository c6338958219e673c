"""The guards of sources, and of the name of the newest job of each."""

from tests.mutants.mutations import Mutation

_JOBS = "src/functions/poller/jobs"
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
)
