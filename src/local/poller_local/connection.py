"""HTTP to one stack's API: JSON in, JSON out, and every failure one line."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from requests.auth import AuthBase

from poller_local.bearer import VARIABLE
from poller_local.errors import ApiError, PollerError, StackUnreachable, one_line

# Seconds to connect, and to wait for bytes: API Gateway itself gives up after 30.
TIMEOUT = (5.0, 35.0)
FIRST_DELAY, LONGEST_DELAY = 0.3, 2.0
# Seconds that somebody at a terminal waits for a stack that does not answer, before the last try.
PATIENCE = 10.0
# What to do about a 401 or 403, by what the call came with.
IF_REFUSED = {
    "": f"have your calls signed with --stack-name or --region, or put the API's token into {VARIABLE}",
    "AWS4-HMAC-SHA256": "check your AWS credentials and their permission to invoke the API, "
    f"or put its token into {VARIABLE} if it asks for one",
    "Bearer": f"the token in {VARIABLE} has run out or is not meant for this API; "
    "without one, calls are signed with your AWS credentials",
}


class Connection:
    """Calls one API. `auth` signs each call or gives it a token (None: neither).

    `if_unreachable` is advice where nobody answers.
    """

    def __init__(
        self,
        api_url: str,
        auth: AuthBase | None = None,
        if_unreachable: str = "is it running, and is the address right?",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._auth = auth
        self._if_unreachable = if_unreachable
        self._sleep = sleep
        self._clock = clock
        # Also for presigned links, which must not be signed again: hence no session.auth.
        self.session = requests.Session()
        # Neither a proxy nor a .netrc of this machine has anything to do with the stack.
        self.session.trust_env = False

    def call(
        self, method: str, path: str, tries: int = 1, patience: float = PATIENCE, **options: Any
    ) -> dict[str, Any]:
        """The JSON object that the API answers; more than one of `tries` only for what may arrive twice.

        None is begun more than `patience` seconds after the first: a server that never answers takes up one try.
        """
        delay, began = FIRST_DELAY, self._clock()
        for tries_left in reversed(range(tries)):
            try:
                return self._call_once(method, path, **options)
            except PollerError as error:
                if not error.retryable or not tries_left or self._clock() - began > patience:
                    raise
            self._sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
        raise AssertionError("tries is at least 1")

    def pages(self, path: str, params: Mapping[str, str], tries: int) -> Iterator[dict[str, Any]]:
        """The pages of a listing, chained by their `Next`. Raises ApiError on a token that was there before."""
        seen: set[str] = set()
        while True:
            page = self.call("GET", path, tries, params=params)
            yield page
            token = page.get("Next")
            if not token:
                return
            if token in seen:
                raise ApiError(200, f"The stack gave the same page of {path} twice; report this, it is a defect")
            seen.add(token)
            params = {**params, "next": token}

    def _call_once(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self.session.request(
                method,
                self._api_url + path,
                auth=self._auth,
                headers={"Content-Type": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,  # the API has none, and a signature or a token is meant for one address
                **options,
            )
        except requests.RequestException as error:
            raise StackUnreachable(
                f"No answer from {self._api_url} ({_reason(error)}); {self._if_unreachable}"
            ) from error
        answer = _json_object(response)
        if not response.ok:
            raise _refusal(response, answer)
        if answer is None:
            raise ApiError(
                response.status_code, f"{self._api_url} does not answer like a poller; is the address right?"
            )
        return answer


def _json_object(response: requests.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _refusal(response: requests.Response, answer: Mapping[str, Any] | None) -> ApiError:
    said = one_line(str((answer or {}).get("message") or (answer or {}).get("Message") or "no reason given"))
    advice = ""
    if response.status_code in (401, 403):
        came_with = response.request.headers.get("Authorization", "").partition(" ")[0]
        advice = f"; {IF_REFUSED.get(came_with, IF_REFUSED[''])}"
    return ApiError(response.status_code, f"The stack answered {response.status_code}: {said}{advice}", said)


def _reason(error: requests.RequestException) -> str:
    # The exception's own text is three nested reprs; what helps is its kind.
    if isinstance(error, requests.Timeout):
        return "timed out"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect"
    return one_line(str(error))
