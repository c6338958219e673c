"""A stack that goes over from signatures to tokens, and whom it lets in then.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from poller_local.bearer import Bearer
from poller_local.signing import SigV4
from tests.support.deployed import ANY_ROUTE, FINDING_THE_STACK, Deployed
from tests.support.emulator import REGION
from tests.support.issuer import AUDIENCE, Issuer, issuing, new_key
from tests.support.openapi import Operation
from tests.support.partner import Partner, serving
from tests.support.routes import OPERATIONS, call, each_operation, served

BAD_TOKENS: dict[str, Callable[[Issuer], str]] = {
    "signed with another key": lambda issuer: issuer.token(key=new_key()),
    "not signed": lambda issuer: issuer.token(algorithm="none"),
    "changed after signing": lambda issuer: swapped(issuer.token(), issuer.token(sub="root")),
    "for another audience": lambda issuer: issuer.token(aud="elsewhere"),
    "for no audience": lambda issuer: issuer.token(aud=None),
    "of another issuer": lambda issuer: issuer.token(iss="https://issuer.example.com"),
    "run out": lambda issuer: issuer.token(exp=int(time.time()) - 1),
    "not yet good": lambda issuer: issuer.token(nbf=int(time.time()) + 600),
    "no token at all": lambda issuer: "abc",
}
GOOD_TOKENS: dict[str, Callable[[Issuer], str]] = {
    "for this audience": lambda issuer: issuer.token(),
    "for two audiences": lambda issuer: issuer.token(aud=["elsewhere", AUDIENCE]),
    "for the other audience": lambda issuer: issuer.token(aud="another"),
    "for a client": lambda issuer: issuer.token(aud=None, client_id=AUDIENCE),
}


def swapped(good: str, other: str) -> str:
    """The one token's signature under the other's claims."""
    return f"{other.rpartition('.')[0]}.{good.rpartition('.')[2]}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def tokens(laptop: Deployed, issuer: Issuer) -> Deployed:
    """A stack that asked for signatures before."""
    laptop.update(LocalSettings="true", ApiAuth="JWT", JwtIssuer=issuer.url, JwtAudience=f"{AUDIENCE},another")
    return laptop


@each_operation
def test_a_route_asks_for_a_token(tokens: Deployed, issuer: Issuer, operation: Operation) -> None:
    caller = tokens.user(ANY_ROUTE)

    without, signed, right = (
        call(tokens, operation, auth) for auth in (None, SigV4(caller, REGION), Bearer(issuer.token()))
    )

    assert (without.status_code, signed.status_code) == (401, 401)
    assert served(operation, right), right.text


@pytest.mark.parametrize("what", BAD_TOKENS)
def test_a_bad_token_is_refused_on_every_route(tokens: Deployed, issuer: Issuer, what: str) -> None:
    auth = Bearer(BAD_TOKENS[what](issuer))

    assert {call(tokens, operation, auth).status_code for operation in OPERATIONS} == {401}


@pytest.mark.parametrize("what", GOOD_TOKENS)
def test_a_good_token_is_let_in(tokens: Deployed, issuer: Issuer, what: str) -> None:
    with tokens.client(Bearer(GOOD_TOKENS[what](issuer))) as client:
        assert list(client.jobs(most=1)) is not None


def test_the_command_line_takes_its_token_from_the_environment(
    tokens: Deployed, issuer: Issuer, tmp_path: Path
) -> None:
    by_url = ("--api-url", tokens.api_url)
    finder = tokens.user(FINDING_THE_STACK)
    expired = issuer.token(exp=int(time.time()) - 1)

    with serving(Partner(total=30)) as partner:
        run = tokens.poller(tmp_path, "run", partner.url, "--wait", *by_url, token=issuer.token())
    listed = tokens.poller(
        tmp_path, "list", "--stack-name", tokens.name, "--region", REGION, user=finder, token=issuer.token()
    )
    refused = tokens.poller(tmp_path, "list", *by_url, "--debug", token=expired)

    assert (run.returncode, "SUCCEEDED" in run.stdout) == (0, True), run.stderr
    assert (listed.returncode, "SUCCEEDED" in listed.stdout) == (0, True), listed.stderr
    assert refused.returncode == 1
    assert "answered 401: Unauthorized; the token in POLLER_TOKEN has run out" in refused.stderr
    assert expired not in refused.stdout + refused.stderr
