"""What an answer to a request for a token means."""

import json
from datetime import datetime

from poller.auth.echoes import without_echoes
from poller.auth.flows import TokenAuth
from poller.auth.secret import Secret
from poller.auth.token import NoToken, Token
from poller.errors import AuthFailed, TransientUpstreamError
from poller.paging.meaning import Meaning, meaning_of
from poller.paging.reason import reason_in
from poller.paging.retry_after import retry_after
from poller.values import PageRequest, Response

_RETRY_AFTER = ("Retry-After",)


def token_from(auth: TokenAuth, secret: Secret, asked: PageRequest, response: Response, now: datetime) -> Token:
    """The token in the answer to `asked`.

    Raises TransientUpstreamError where asking again may help, and AuthFailed where another secret or spec is needed.
    Neither message holds anything of the secret.
    """
    who = asked.url.partition("://")[2].partition("/")[0]
    wait = retry_after(response.headers, _RETRY_AFTER, now)
    meaning = meaning_of(response.status, wait is not None)
    if meaning is Meaning.PAGE:
        try:
            return auth.token_in(json.loads(response.body))
        except (ValueError, RecursionError):
            # A maintenance page, perhaps; if not, the last attempt says so.
            raise TransientUpstreamError(f"{who} gave no token: its answer is not JSON") from None
        except NoToken as error:
            raise AuthFailed(f"{who} answered {error}; check auth") from None
    said = reason_in(without_echoes(response, [*secret.confidential, _basic(asked)]))
    answered = f"HTTP {response.status}" + (f': "{said}"' if said else "")
    if meaning in (Meaning.AGAIN, Meaning.LIMIT):
        raise TransientUpstreamError(f"{who} gave no token: {answered}", wait, meaning is Meaning.LIMIT)
    raise AuthFailed(f"{who} gave no token for the secret {secret.name}: {answered}; check auth and the secret")


def _basic(asked: PageRequest) -> str:
    return asked.headers.get("Authorization", "").rpartition(" ")[2]
