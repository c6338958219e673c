"""The guards of partitions: what is said once of each, what is halved, and what a failed one leaves alone."""

from tests.mutants.mutations import Mutation

_SRC = "src/functions/poller"
_JOBS, _WINDOWS = "tests/integration/test_partitions.py", "tests/integration/test_windows.py"
_UNIT = "tests/jobs/test_partitions.py"

PARTITIONS: tuple[Mutation, ...] = (
    Mutation(
        "what a partition's first page showed is said once",
        f"{_SRC}/jobs/task_state.py",
        "opening=before.opening or change.opening",
        "opening=change.opening",
        f"{_UNIT}::test_an_opening_is_said_once_and_stays",
    ),
    Mutation(
        "a redrive keeps what a partition's first page showed",
        f"{_SRC}/jobs/task_state.py",
        "if finished.goes_on_at is not None or finished.opening is not None:",
        "if finished.goes_on_at is not None:",
        f"{_UNIT}::test_an_opening_is_said_once_and_stays",
    ),
    Mutation(
        "a partition that has not begun is not whole",
        f"{_SRC}/jobs/judge.py",
        "if counts.failed or broken or missing:",
        "if counts.failed or broken:",
        f"{_UNIT}::test_a_partition_that_has_not_begun_is_not_whole",
    ),
    Mutation(
        "more in one partition makes not up for less in another",
        f"{_SRC}/jobs/judge.py",
        "broken = [part for part in parts if not part.is_whole]",
        "broken = [part for part in parts if not part]",
        f"{_UNIT}::test_more_in_one_partition_does_not_make_up_for_less_in_another",
    ),
    Mutation(
        "a record that is in two partitions of a list is no repetition",
        f"{_SRC}/jobs/uniqueness.py",
        "if len(groups) > 1 and any(piece.values for piece in pieces):",
        "if len(groups) > 10**9:",
        f"{_JOBS}::test_a_record_in_two_partitions_is_in_both_and_told",
    ),
    Mutation(
        "a page that has come is not asked for again",
        f"{_SRC}/fetching/outage.py",
        "if self.came and self.came[0][0] == request:",
        "if False:",
        f"{_JOBS}::test_the_first_page_of_a_partition_is_asked_for_once",
    ),
    Mutation(
        "a single page in one partition is no promise for others",
        f"{_SRC}/jobs/partition_opener.py",
        "if is_guess else spec",
        "if is_guess and spec is None else spec",
        f"{_JOBS}::test_a_partition_that_auto_saw_no_page_of_is_not_cut_off",
    ),
    Mutation(
        "a total that stands at the cap counts as too many",
        f"{_SRC}/jobs/partition_planning.py",
        "return declared >= most",
        "return declared > most",
        f"{_WINDOWS}::test_a_window_that_stands_at_the_cap_and_cannot_be_halved_may_be_cut_off",
    ),
    Mutation(
        "a window that cannot be halved and holds too much is not whole",
        f"{_SRC}/jobs/judge.py",
        "if end.status is JobStatus.SUCCEEDED and first.opening.is_too_large:",
        "if False:",
        f"{_WINDOWS}::test_a_window_that_stands_at_the_cap_and_cannot_be_halved_may_be_cut_off",
    ),
    Mutation(
        "a value is percent-encoded in a URL",
        f"{_SRC}/partitions/placeholders.py",
        'return _filled(url, values, lambda value: quote(as_text(value), safe=""))',
        "return _filled(url, values, as_text)",
        f"{_JOBS}::test_a_value_is_encoded_where_it_stands",
    ),
)
