"""The user's own AWS: credentials to sign with, and stacks that are deployed there."""

import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from poller_local.errors import NoStack, one_line
from poller_local.signing import SigV4


def open_session(region: str | None) -> boto3.Session:
    """A session with the settings of the user's profile. Raises NoStack."""
    try:
        # The AWS CLI reads AWS_REGION first, boto3 never: https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
        return boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)
    except BotoCoreError as error:
        raise NoStack(f"Cannot use your AWS settings: {one_line(str(error))}; check AWS_PROFILE") from error


def signer(session: boto3.Session) -> SigV4:
    """Signs with the session's credentials. Raises NoStack where there are none."""
    try:
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise NoStack(f"Cannot sign: {one_line(str(error))}; check AWS_PROFILE") from error
    if credentials is None:
        raise NoStack("No AWS credentials to sign with; set AWS_PROFILE or run 'aws configure'")
    return SigV4(credentials, session.region_name)


def stack_outputs(session: boto3.Session, stack_name: str) -> dict[str, str]:
    """What the stack says of itself. Raises NoStack if it cannot be read, or is no poller."""
    try:
        stacks = session.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as error:
        reason = one_line(error.response.get("Error", {}).get("Message", str(error)))
        raise NoStack(f"Cannot read stack {stack_name}: {reason}; check the name, --region and AWS_PROFILE") from error
    except BotoCoreError as error:
        raise NoStack(
            f"Cannot read stack {stack_name}: {one_line(str(error))}; check your AWS credentials and --region"
        ) from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    if "PollerHttpApiUrl" not in outputs:
        raise NoStack(f"Stack {stack_name} has no output PollerHttpApiUrl; is it a poller, and deployed?")
    return outputs
