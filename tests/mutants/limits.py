"""The guards of AWS's own limits, which no emulator would miss."""

from tests.mutants.mutations import Mutation

_ASL = "statemachine/poller-workflow.asl.json"
_TEMPLATE = "template.yaml"
_HANDLERS = "src/functions/poller/handlers"
_STATIC = "tests/contract/test_limits.py"
_LARGEST = "tests/integration/test_limits.py"
_TASKS = "tests/integration/test_get_job_tasks.py::test_failed_tasks_with_the_longest_lines_come_in_pages_that_fit"
_LINKS = "tests/integration/test_get_job_results.py::test_links_with_the_longest_session_tokens_come_in_pages_that_fit"

LIMITS: tuple[Mutation, ...] = (
    Mutation(
        "an error's text has a largest length",
        "src/functions/poller/errors.py",
        "return message if len(message) <= MAX_MESSAGE else",
        "return message if True else",
        f"{_LARGEST}::test_no_errors_text_is_longer_than_a_thousand_characters",
    ),
    Mutation(
        "the cause that a Catch hands on is cut",
        f"{_HANDLERS}/reconcile_job.py",
        "str(message)[:MAX_MESSAGE]",
        "str(message)",
        "tests/integration/test_reconcile_job.py::test_the_longest_cause_that_a_catch_hands_on_is_cut",
    ),
    Mutation(
        "a spec has to fit into the job's row",
        "src/functions/poller/specs/parse.py",
        "    refuse_large(spec)",
        "    pass",
        "tests/integration/test_rejected_jobs.py::test_a_spec_one_byte_too_large_is_refused_before_anything_is_asked",
    ),
    Mutation(
        "what the API adds to the spec has to fit too",
        "src/functions/poller/jobs/first_plan.py",
        "refuse_large(planned.spec)",
        "pass",
        "tests/integration/test_rejected_jobs.py::test_what_the_api_calls_its_list_counts_too",
    ),
    Mutation(
        "a path that Python itself cannot read is refused",
        "src/functions/poller/readers.py",
        "except ValueError as error:",
        "except KeyError as error:",
        "tests/integration/test_rejected_jobs.py::test_a_path_with_a_number_beyond_all_measure_is_refused",
    ),
    Mutation(
        "an error takes the place of the input that it could not be added to",
        _ASL,
        '"Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "NotPrepared" }]',
        '"Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.Failure", "Next": "NotPrepared" }]',
        "tests/contract/test_workflow.py::test_a_first_step_that_fails_for_good_leads_on_to_the_reconciliation",
    ),
    Mutation(
        "a request of one byte too many is recorded as such",
        f"{_HANDLERS}/record_undelivered_job.py",
        "> 256 * 1024",
        "> 256 * 1024 + 1",
        "tests/integration/test_record_undelivered_job.py::test_a_request_of_one_byte_too_many_for_a_workflow_is_recorded",
    ),
    Mutation(
        "BatchGetItem is asked for a hundred keys at most",
        "src/functions/poller/aws/dynamodb.py",
        "_MAX_KEYS = 100",
        "_MAX_KEYS = 1000",
        "tests/integration/test_list_jobs.py::test_fifty_jobs_are_read_a_hundred_keys_at_a_time",
    ),
    Mutation(
        "a page of tasks ends where an answer is full",
        "src/functions/poller/http_api/responses.py",
        "if found and size > _MAX_BYTES:",
        "if False:",
        _TASKS,
    ),
    Mutation(
        "the next page of tasks begins where a full one ended",
        "src/functions/poller/handlers/api/get_job_tasks.py",
        "more = more or len(shown) < len(rows)",
        "more = more",
        _TASKS,
    ),
    Mutation(
        "the next page of results begins where a full one ended",
        "src/functions/poller/handlers/api/get_job_results.py",
        "after = first + len(results)",
        "after = first + limit",
        _LINKS,
    ),
    Mutation(
        "an execution hands over while its history has room",
        "src/functions/poller/jobs/next_step.py",
        "MAX_ITERATIONS = 300",
        "MAX_ITERATIONS = 400",
        f"{_STATIC}::TestWorkflow::test_an_execution_hands_over_before_its_history_is_full",
    ),
    Mutation(
        "a child has time for its retries",
        _ASL,
        '"MaxAttempts": 1,',
        '"MaxAttempts": 2,',
        f"{_STATIC}::TestWorkflow::test_a_child_ends_within_the_five_minutes_of_an_express_workflow",
    ),
    Mutation(
        "an API function ends before its API gives up",
        _TEMPLATE,
        "Timeout: 25 ",
        "Timeout: 30 ",
        f"{_STATIC}::TestFunctions::test_an_api_hears_from_its_function_before_it_gives_up",
    ),
    Mutation(
        "the variables that a user chooses fit into an environment",
        _TEMPLATE,
        "MaxLength: 2048",
        "MaxLength: 4096",
        f"{_STATIC}::TestFunctions::test_an_environment_has_4_kilobytes",
    ),
)
