"""The guards of rate budgets, and of what a job says of answers."""

from tests.mutants.mutations import Mutation

_FETCHING, _TEST = "src/functions/poller/fetching", "tests/fetching/test_rate_share.py"
_SHARE, _PAUSE = f"{_FETCHING}/rate_share.py", f"{_FETCHING}/pause.py"
_TEST_ACTIONS = "tests/integration/test_response_actions.py"

RATE_BUDGETS: tuple[Mutation, ...] = (
    Mutation(
        "a budget is changed only as it was read",
        _SHARE,
        'condition = "#Version = :seen" if self._version else "attribute_not_exists(#Version)"',
        'condition = "attribute_exists(#JobId) OR attribute_not_exists(#JobId)"',
        f"{_TEST}::test_no_window_holds_more_however_many_share_it",
    ),
    Mutation(
        "a redirect is a request",
        _SHARE,
        "self._share.pass_on()",
        "_ = self._share._send()",
        f"{_TEST}::test_a_request_that_leads_on_where_the_budget_is_spent_waits_too",
    ),
    Mutation(
        "a request that was not sent in time is not sent",
        _SHARE,
        "if grant is None or not grant.is_valid(self._now()):",
        "if grant is None:",
        f"{_TEST}::test_what_was_granted_long_ago_is_not_sent",
    ),
    Mutation(
        "what was answered is told when a worker is done (43)",
        _PAUSE,
        "self._share.close()",
        "pass",
        f"{_TEST}::test_what_is_on_its_way_when_all_are_done_is_told",
    ),
    Mutation(
        "no function waits for long for a budget",
        _PAUSE,
        "if delay > MAX_PAUSE or box.ends_within(delay):",
        "if box.ends_within(delay):",
        f"{_TEST}::test_a_budget_that_is_spent_for_long_is_left_to_the_workflow",
    ),
    Mutation(
        "an ignored page is no end of the data",
        f"{_FETCHING}/walk.py",
        "if page.ignored:",
        "if page.ignored and is_all:",
        f"{_TEST_ACTIONS}::test_without_a_total_an_ignored_page_is_no_end",
    ),
    Mutation(
        "a walk does not end in silence behind an ignored page",
        f"{_FETCHING}/chain.py",
        "EndKind.REFUSED if index else EndKind.SEEN",
        "EndKind.SEEN",
        f"{_TEST_ACTIONS}::test_a_walk_that_cannot_is_partial",
    ),
    Mutation(
        "a success says how many pages were ignored",
        "src/functions/poller/jobs/verdict.py",
        "(ErrorType.PAGES_IGNORED, _ignored(rows))",
        "(ErrorType.PAGES_IGNORED, '')",
        f"{_TEST_ACTIONS}::test_where_that_is_accepted_a_notice_says_how_many_pages_were_ignored",
    ),
)
