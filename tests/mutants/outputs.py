"""The guards of what is made of records: nothing is left out in silence."""

from tests.mutants.mutations import Mutation

_POLLER = "src/functions/poller"
_JOBS = "tests/integration/test_outputs.py"

OUTPUTS: tuple[Mutation, ...] = (
    Mutation(
        "fields without a column are kept with their task",
        f"{_POLLER}/handlers/process_payload.py",
        "left_out=part.left_out,",
        "left_out=(),",
        f"{_JOBS}::test_a_field_that_only_a_later_page_has_is_named_and_no_redrive_brings_it",
    ),
    Mutation(
        "a redrive that would bring the same is refused",
        f"{_POLLER}/handlers/api/redrive_job.py",
        "if job.error and job.error.type == ErrorType.FIELDS_LEFT_OUT:",
        "if job.error and not job.error.type:",
        f"{_JOBS}::test_a_field_that_only_a_later_page_has_is_named_and_no_redrive_brings_it",
    ),
    Mutation(
        "the columns of a table are found before the plan",
        f"{_POLLER}/jobs/first_plan.py",
        "spec=with_columns(planned.spec, records)",
        "spec=planned.spec",
        f"{_JOBS}::test_each_task_is_a_table_with_the_fields_of_the_first_page",
    ),
    Mutation(
        "a manifest names a table's objects as they are called",
        f"{_POLLER}/jobs/ending.py",
        "row.task_id, output.SUFFIX)",
        "row.task_id)",
        f"{_JOBS}::test_each_task_is_a_table_with_the_fields_of_the_first_page",
    ),
    Mutation(
        "no fingerprints are made of what CSV holds of a record",
        f"{_POLLER}/jobs/uniqueness.py",
        "if isinstance(self._output, Csv):",
        "if isinstance(self._output, int):",
        "tests/jobs/test_uniqueness.py::test_fingerprints_of_a_table_cannot_be_made_again",
        after="def _made_again(self, task: TaskRow) -> bytes:",
    ),
    Mutation(
        "a table's object of another job is no part of this one's download",
        "src/local/poller_local/downloads.py",
        '_SUFFIXES = ("jsonl.gz", "csv.gz")',
        '_SUFFIXES = ("jsonl.gz",)',
        "tests/cli/test_downloads.py::test_another_job_s_tables_are_no_part_of_this_one",
    ),
    Mutation(
        "a preview shows no request's credentials (32)",
        f"{_POLLER}/jobs/preview.py",
        "without_secrets(request.url)",
        "request.url",
        "tests/jobs/test_preview.py::test_a_request_is_shown_without_secrets",
    ),
    Mutation(
        "a preview ends before its caller gives up",
        f"{_POLLER}/handlers/dependencies.py",
        "_upstream(total_seconds=QUICK_SECONDS)",
        "_upstream()",
        "tests/integration/test_preview_job.py::test_an_api_that_never_answers_is_not_waited_for_longer_than_a_caller_waits",
    ),
)
