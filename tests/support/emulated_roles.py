"""Roles and their policies."""

import json
from typing import Any
from uuid import uuid4

from tests.support.emulator import ACCOUNT, Emulator


def trust(service: str, source: str = "*") -> dict[str, Any]:
    """The statement that lets a service assume a role, on behalf of one source of this account."""
    condition = {"ArnLike": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return statement if source == "*" else {**statement, "Condition": condition}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def role_for(emulator: Emulator, service: str, *statements: dict[str, Any], source: str = "*") -> str:
    """A role that a service may assume, for one source or any."""
    iam, name = emulator.client("iam"), f"r-{uuid4().hex[:8]}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust(service, source)))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=policy(*statements))
    return str(role)
