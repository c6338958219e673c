"""Which stack a command talks to: named by URL, named by stack, or the local one of this checkout."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from requests.auth import AuthBase

from poller_local import local_aws
from poller_local.bearer import VARIABLE, token_for
from poller_local.checkout import Checkout, find_checkout, no_checkout, read_json_object
from poller_local.client import PollerClient
from poller_local.errors import BadUsage, NoStack
from poller_local.stack import reachable_url

_AWS_API = re.compile(r"https://[a-z0-9-]+\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?(/.*)?")


@dataclass(frozen=True)
class DeployedStack:
    """A stack by its name, and how to make boto3 clients of the AWS it is deployed to."""

    name: str
    client: Callable[..., Any]


@dataclass(frozen=True)
class Target:
    """A stack's addresses; `auth` lets calls to it in, `if_unreachable` is advice for its user.

    `deployed` is the stack behind the API; None where only the API's address was given.
    """

    api_url: str
    external_api_url: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    auth: AuthBase | None = None
    deployed: DeployedStack | None = None
    if_unreachable: str = "is the address right, and this machine online?"

    def client(self) -> PollerClient:
        return PollerClient(self.api_url, self.auth, if_unreachable=self.if_unreachable)


def resolve_target(api_url: str | None, stack_name: str | None, region: str | None, directory: Path) -> Target:
    """The stack that the options name, else the local stack that runs in `directory`'s checkout.

    A named one gets the token in POLLER_TOKEN, where there is one, in place of a signature.
    Raises BadUsage for options that contradict each other, NoStack where nothing is found.
    """
    if api_url and stack_name:
        raise BadUsage("Give either --api-url or --stack-name, not both")
    if api_url:
        return _named_by_url(api_url, region)
    if stack_name:
        return _named_by_stack(stack_name, region)
    if region:
        raise BadUsage("--region needs --stack-name or --api-url")
    return _local(directory)


def _named_by_url(api_url: str, region: str | None) -> Target:
    if not api_url.startswith(("https://", "http://")):
        raise BadUsage(f"'{api_url}' is no address of an API; write https://…")
    token = token_for(api_url, os.environ)
    if token and region:
        raise BadUsage(f"--region has calls signed, {VARIABLE} sends a token; leave one of them out")
    if token:
        return Target(api_url=api_url, auth=token)
    aws = _AWS_API.fullmatch(api_url)
    # A custom domain does not tell its region: --region says where, and that calls are to be signed.
    region = region or (aws["region"] if aws else None)
    if region is None:
        return Target(api_url=api_url)
    from poller_local import aws_account  # noqa: PLC0415  # brings in boto3, see local_aws.client

    return Target(api_url=api_url, auth=aws_account.signer(aws_account.open_session(region)))


def _named_by_stack(stack_name: str, region: str | None) -> Target:
    from poller_local import aws_account  # noqa: PLC0415  # brings in boto3, see local_aws.client

    session = aws_account.open_session(region)
    outputs = aws_account.stack_outputs(session, stack_name)
    api_url = outputs["PollerHttpApiUrl"]
    # Its own address exists on AWS only; another endpoint, such as an emulator's, has the API under a path.
    if endpoint_url := os.environ.get("AWS_ENDPOINT_URL"):
        api_url = reachable_url(api_url, endpoint_url.rstrip("/"))
    return Target(
        api_url=api_url,
        external_api_url=outputs.get("ExternalHttpApiUrl"),
        outputs=outputs,
        auth=token_for(api_url, os.environ) or aws_account.signer(session),
        deployed=DeployedStack(stack_name, session.client),
    )


def _local(directory: Path) -> Target:
    checkout = find_checkout(directory)
    stack = _stack_file(directory.resolve(), checkout)
    if stack is None and checkout is None:
        raise NoStack(f"{no_checkout(directory)}, or name your stack with --stack-name or --api-url")
    if stack is None:
        raise NoStack(
            "No stack is running here. Start one with 'poller up', or name yours with --stack-name or --api-url."
        )
    return Target(
        api_url=str(stack["api_url"]),
        external_api_url=stack.get("external_api_url"),  # type: ignore[arg-type]
        outputs=stack.get("outputs") or {},  # type: ignore[arg-type]
        deployed=DeployedStack(
            local_aws.STACK_NAME, partial(local_aws.client, endpoint_url=str(stack.get("endpoint_url")))
        ),
        if_unreachable="the local stack has stopped, start it again with 'poller up'",
    )


def _stack_file(directory: Path, checkout: Checkout | None) -> dict[str, object] | None:
    for place in (directory, *directory.parents):
        stack = read_json_object(place / ".poller" / "stack.json")
        if stack and isinstance(stack.get("api_url"), str):
            return stack
        # Not beyond the checkout: above it lie other people's folders.
        if checkout is None or place == checkout.root:
            return None
    return None
