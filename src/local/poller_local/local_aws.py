"""How this machine's programs see the embedded AWS, and nothing of the user's own AWS settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laptop_aws import KEY, REGION, SECRET

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK_NAME = "poller"


def local_environment(port: int, tool_directories: list[Path], base: Mapping[str, str]) -> dict[str, str]:
    """`base`, with AWS pointing at the emulator on `port` and `tool_directories` first on the PATH.

    Profiles, credentials and regions of the user are left out: a deploy must never reach a real account.
    """
    own = {name: value for name, value in base.items() if not name.startswith("AWS_")}
    path = os.pathsep.join([*map(str, dict.fromkeys(tool_directories)), base.get("PATH", os.defpath)])
    no_proxy = ",".join(filter(None, [base.get("NO_PROXY") or base.get("no_proxy"), "127.0.0.1,localhost"]))
    return own | {
        "PATH": path,
        # Building may need the proxy to fetch dependencies; the emulator never does.
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }


def cloudformation(endpoint_url: str) -> CloudFormationClient:
    """A client of the emulator's CloudFormation."""
    made: CloudFormationClient = client("cloudformation", endpoint_url)
    return made


def client(service: str, endpoint_url: str) -> Any:
    """A boto3 client of one of the emulator's services that reads no file and no proxy of this machine."""
    # Here, because most commands never ask AWS itself, and boto3 takes longer to import than they take to run.
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    no_files = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = boto3.Session(
        botocore_session=botocore.session.Session(session_vars=no_files),
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name=REGION,
    )
    config = Config(proxies={}, retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=60)
    return session.client(service, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]
