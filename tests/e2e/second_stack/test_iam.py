"""A stack as `sam deploy` makes it by default: who does not sign, or may not call, is refused on every route.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
"""

from pathlib import Path

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from poller_local.bearer import Bearer
from poller_local.signing import SigV4
from tests.support.deployed import ANY_ROUTE, FINDING_THE_STACK, READING, Deployed, Packaged
from tests.support.emulator import REGION
from tests.support.openapi import Operation
from tests.support.partner import Partner, serving
from tests.support.routes import OPERATIONS, call, each_operation, served


@pytest.fixture(scope="module")
def signed(packaged: Packaged) -> Deployed:
    return packaged.stack("signed")


@pytest.fixture(scope="module")
def caller(signed: Deployed) -> Credentials:
    return signed.user(ANY_ROUTE)


def test_the_deployed_routes_are_those_of_the_file(signed: Deployed) -> None:
    api = signed.resources("AWS::ApiGatewayV2::Api")["PollerHttpApi"]

    routes = signed.aws("apigatewayv2").get_routes(ApiId=api)["Items"]

    expected = {operation.route_key: "AWS_IAM" for operation in OPERATIONS}
    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == expected


@each_operation
def test_a_route_refuses_who_does_not_sign_and_serves_who_does(
    signed: Deployed, caller: Credentials, operation: Operation
) -> None:
    forged = Credentials(caller.access_key, "not the key's secret")

    unsigned = call(signed, operation)
    with_a_token = call(signed, operation, Bearer("abc"))
    wrongly_signed = call(signed, operation, SigV4(forged, REGION))
    right = call(signed, operation, SigV4(caller, REGION))

    assert [answer.status_code for answer in (unsigned, with_a_token, wrongly_signed)] == [403, 403, 403]
    assert served(operation, right), right.text


def test_a_user_may_be_allowed_to_read_only(signed: Deployed) -> None:
    reader = SigV4(signed.user(READING), REGION)

    answers = [(operation, call(signed, operation, reader)) for operation in OPERATIONS]

    others = [answer.status_code for operation, answer in answers if operation.method != "GET"]
    assert set(others) == {403}
    assert all(served(operation, answer) for operation, answer in answers if operation.method == "GET")


def test_a_signature_for_another_region_is_refused(signed: Deployed, caller: Credentials) -> None:
    assert {call(signed, operation, SigV4(caller, "eu-west-1")).status_code for operation in OPERATIONS} == {403}


def test_loopback_is_not_polled(signed: Deployed, caller: Credentials) -> None:
    with serving(Partner()) as partner, signed.client(SigV4(caller, REGION)) as client:
        job = client.wait(client.submit({"url": partner.url}), timeout=60)

    assert (job["Status"], partner.requests) == ("REJECTED", [])
    assert "only https" in job["Error"]["Message"]


def test_the_command_line_signs_a_whole_job(laptop: Deployed, tmp_path: Path) -> None:
    user = laptop.user(ANY_ROUTE, FINDING_THE_STACK)
    by_name = ("--stack-name", "laptop", "--region", REGION)
    by_url = ("--api-url", laptop.api_url, "--region", REGION)

    with serving(Partner(total=30)) as partner:
        run = laptop.poller(tmp_path, "run", partner.url, "--wait", *by_name, user=user)
    listed = laptop.poller(tmp_path, "list", *by_url, user=user)
    unsigned = laptop.poller(tmp_path, "list", "--api-url", laptop.api_url, user=user)

    assert (run.returncode, "SUCCEEDED" in run.stdout) == (0, True), run.stderr
    assert (listed.returncode, "SUCCEEDED" in listed.stdout) == (0, True), listed.stderr
    assert unsigned.returncode == 1
    assert unsigned.stderr.startswith("poller: The stack answered 403: Forbidden; have your calls signed")


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"ApiAuth": "NONE"}, "NoOpenDoor failed: ApiAuth NONE leaves the API open"),
        ({"ApiAuth": "JWT"}, "JwtNeedsItsIssuer failed: ApiAuth JWT needs JwtIssuer"),
        (
            {"ApiAuth": "JWT", "JwtIssuer": "https://issuer.example.com"},
            "JwtNeedsItsIssuer failed: ApiAuth JWT needs JwtAudience",
        ),
    ],
)
def test_an_open_door_is_not_deployed(packaged: Packaged, parameters: dict[str, str], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        packaged.stack("open", **parameters)
