"""The guards of pages that are empty in the midst of the data, and of paginators that `auto` finds."""

from tests.mutants.mutations import Mutation

_FETCHING = "src/functions/poller/fetching"
_ENDS = "tests/integration/test_ends.py"

ANY_API: tuple[Mutation, ...] = (
    Mutation(
        "an empty page is an end only where the spec does not say otherwise",
        f"{_FETCHING}/walk.py",
        "not page.records and (paginator.stop_on_empty or (is_all and not page.says_more))",
        "not page.records",
        f"{_ENDS}::test_an_empty_page_is_no_end_where_the_spec_says_so",
    ),
    Mutation(
        "but behind the total it is one",
        f"{_FETCHING}/walk.py",
        " or (is_all and not page.says_more))",
        ")",
        f"{_ENDS}::test_behind_its_total_an_empty_page_is_the_end_all_the_same",
    ),
    Mutation(
        "a page that may be short is not filled up to where the data seem to end",
        f"{_FETCHING}/whole_page.py",
        "if self._may_be(rest):",
        "if False:",
        f"{_ENDS}::test_an_empty_page_is_no_end_where_the_spec_says_so",
    ),
    Mutation(
        "of counted pages, one without records fails unless the spec says that it may be empty",
        f"{_FETCHING}/task_pages.py",
        "if not paginator.stop_on_empty:",
        "if False:",
        f"{_ENDS}::test_of_counted_pages_some_may_be_empty_where_the_spec_says_so",
    ),
    Mutation(
        "what came of the last page stays where the API refuses what is behind it",
        f"{_FETCHING}/whole_page.py",
        "except (UpstreamRefused, InvalidPayload) as error:  # what came is a page all the same",
        "except InvalidPayload as error:",
        f"{_ENDS}::test_a_short_last_page_stays_where_what_is_behind_it_is_refused",
    ),
    Mutation(
        "and where it fails there, if the total is reached",
        f"{_FETCHING}/whole_page.py",
        "if received >= needed:",
        "if False:",
        f"{_ENDS}::test_an_api_that_fails_behind_its_total_has_sent_everything",
    ),
)
