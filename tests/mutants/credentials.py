"""The guards of credentials: where a secret may go, who gets a token, and what nobody may see."""

from tests.mutants.mutations import Mutation

_AUTH = "src/functions/poller/auth"
_ACCESS, _TOKENS = f"{_AUTH}/access.py", f"{_AUTH}/tokens.py"
_CLIENT = "src/functions/poller/upstream/client.py"
_TEST_ACCESS, _TEST_TOKENS = "tests/auth/test_access.py", "tests/auth/test_tokens.py"

CREDENTIALS: tuple[Mutation, ...] = (
    Mutation(
        "a secret goes to its own origins only (46)",
        _ACCESS,
        "secret.refuse_elsewhere(origin)",
        "pass",
        f"{_TEST_TOKENS}::test_a_token_is_not_got_for_an_api_that_may_not_have_it",
    ),
    Mutation(
        "also where a redirect leads (28, 46)",
        _ACCESS,
        "self.given.refuse_elsewhere(origin_of(request.url))",
        "pass",
        f"{_TEST_ACCESS}::test_a_redirect_to_https_gets_no_key_that_is_not_meant_for_it",
    ),
    Mutation(
        "and where tokens are given (46)",
        _ACCESS,
        "refuse_elsewhere(self._auth, secret)",
        "pass",
        f"{_TEST_TOKENS}::test_a_secret_for_the_api_only_is_not_sent_where_tokens_are_given",
    ),
    Mutation(
        "credentials are put on anew for each redirect",
        _CLIENT,
        "request = sign(request) if sign else request",
        "request = sign(request) if sign and 'orders' not in target.path else request",
        f"{_TEST_ACCESS}::test_a_redirect_on_the_same_origin_gets_the_key_once",
    ),
    Mutation(
        "what an API repeats of a secret is blanked (32)",
        _ACCESS,
        "shown = without_echoes(response, mine.confidential)",
        "shown = response",
        f"{_TEST_ACCESS}::test_a_refusal_is_heard_without_the_secret_that_it_repeats",
    ),
    Mutation(
        "a password is known in the form that it is sent in (32)",
        _ACCESS,
        "texts = [*given.confidential, *(value for name, value in signed.headers.items() if name == auth.place.name)]",
        "texts = given.confidential",
        f"{_TEST_ACCESS}::test_a_password_is_blanked_in_the_form_that_it_is_sent_in",
    ),
    Mutation(
        "a name that is no secret is not repeated: it may be one (32)",
        _ACCESS,
        "raise AuthFailed(\"auth.secret names no secret of this stack; 'poller secrets list' shows them\")",
        'raise AuthFailed(f"auth.secret names no secret of this stack: {self._auth.secret}")',
        f"{_TEST_ACCESS}::test_a_secret_that_is_not_there_is_not_repeated_for_it_may_be_one",
    ),
    Mutation(
        "a 401 has credentials looked at again (42, 46)",
        _ACCESS,
        "if response.status == _UNAUTHORIZED and not self._is_unwelcome:",
        "if not response.status:",
        f"{_TEST_ACCESS}::test_a_secret_that_was_replaced_is_read_again_after_a_401",
    ),
    Mutation(
        "a token that the API takes no more than the one before is the last one of a call",
        _ACCESS,
        "self._is_unwelcome = response.status == _UNAUTHORIZED",
        "pass",
        f"{_TEST_TOKENS}::test_a_token_that_the_api_never_takes_is_renewed_once_a_call",
    ),
    Mutation(
        "a refused secret is not tried again by the same worker",
        _ACCESS,
        "if failures != self._failures or isinstance(self._failure, AuthFailed):",
        "if failures != self._failures:",
        f"{_TEST_TOKENS}::test_a_refused_secret_is_not_tried_again_and_again",
    ),
    Mutation(
        "nor by another one, for a minute",
        _TOKENS,
        'if row.get("RefusedOf") == secret.version and row.get("RefusedUntil", 0) > time.time():',
        'if row.get("RefusedOf") == "":',
        f"{_TEST_TOKENS}::test_a_refused_secret_is_not_tried_again_and_again",
    ),
    Mutation(
        "one worker renews a token, the others wait (42)",
        _TOKENS,
        '_FREE = "attribute_not_exists(#Holder) OR #Until < :now"',
        '_FREE = "attribute_not_exists(#Holder) OR #Until > :now"',
        f"{_TEST_TOKENS}::test_a_token_that_expires_under_many_threads_of_many_workers_is_renewed_once",
    ),
    Mutation(
        "who waited looks again before it renews (42)",
        _TOKENS,
        "if held := self._shared(place, secret, refused):",
        "if held := None:",
        f"{_TEST_TOKENS}::test_a_token_that_was_renewed_meanwhile_is_taken",
        after='change: dict[str, Any] = {"Holder": None}',
    ),
    Mutation(
        "a worker that dies with a token's lease holds the others up for a while only",
        _TOKENS,
        '"Until": now + _LEASE_SECONDS',
        '"Until": now + 3600',
        f"{_TEST_TOKENS}::test_a_worker_that_dies_while_it_renews_holds_the_others_up_for_a_while_only",
    ),
    Mutation(
        "nobody waits for ever for another's token",
        _TOKENS,
        "if time.monotonic() > end:",
        "if False:",
        f"{_TEST_TOKENS}::test_a_worker_that_never_comes_to_an_end_is_not_waited_for_for_ever",
    ),
    Mutation(
        "a token is of the secret's present version only (46)",
        _TOKENS,
        'if row.get("Of") != secret.version or row.get("Version") in (None, refused):',
        'if row.get("Version") in (None, refused):',
        f"{_TEST_TOKENS}::test_a_secret_that_is_replaced_gets_a_token_of_its_own",
    ),
    Mutation(
        "a token that runs out is renewed before it does (42)",
        _TOKENS,
        "return held if held and held.is_fresh(time.time()) else None",
        "return held",
        f"{_TEST_TOKENS}::test_a_token_is_renewed_before_it_runs_out",
    ),
    Mutation(
        "a token that cannot be kept is used all the same",
        _TOKENS,
        "except (BotoCoreError, ClientError) as error:",
        "except BotoCoreError as error:",
        f"{_TEST_TOKENS}::test_a_token_that_cannot_be_kept_is_used_all_the_same",
    ),
)
