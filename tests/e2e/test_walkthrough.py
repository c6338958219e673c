"""The README's walkthrough for an AWS account, run as written on an emulator of its own.

The caller is an assumed role: unlike the root user's, its signatures are checked, and they need the session token.
What differs from AWS is in tests/support/stand_ins.py, and two answers in the deployment: LocalSettings lets the
functions poll the emulator's own demonstration API.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller_local.local_aws import local_environment
from tests.support import stand_ins
from tests.support.dataset import lines
from tests.support.documents import commands
from tests.support.emulator import Emulator
from tests.support.local_stack import copy_tree
from tests.support.template import ROOT, template

DEPLOY, *USE, CLEAN_UP = commands(ROOT / "README.md", "Deploy to AWS")
STACK = "sam-api-poller"
CURL_SIGNS_SESSION_TOKENS = (7, 87)  # before, --aws-sigv4 signed no other header than its own


class Account:
    """A shell in a fresh copy of the tree whose AWS is the emulator."""

    def __init__(self, directory: Path, emulator: Emulator) -> None:
        self.emulator = emulator
        self.root = copy_tree(directory / "checkout")
        tools = [stand_ins.install(directory), Path(sys.executable).parent]
        self.environment = {**local_environment(emulator.port, tools, os.environ), **self._assume_role()}

    def run(self, script: str, answers: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.root, env=self.environment, input=answers, capture_output=True, text=True, check=False,
            timeout=600,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def buckets(self) -> set[str]:
        """The stack's own: sam's bucket for what it uploads stays, as on AWS."""
        return {b["Name"] for b in self.emulator.client("s3").list_buckets()["Buckets"] if b["Name"].startswith(STACK)}

    def _assume_role(self) -> dict[str, str]:
        self.emulator.create_role()
        iam, sts = self.emulator.client("iam"), self.emulator.client("sts")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.update_assume_role_policy(RoleName="everything", PolicyDocument=document)
        role = iam.get_role(RoleName="everything")["Role"]["Arn"]
        session = sts.assume_role(RoleArn=role, RoleSessionName="reader")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    version = re.match(r"curl (\d+)\.(\d+)", _said("curl", "--version"))
    if not version or tuple(map(int, version.groups())) < CURL_SIGNS_SESSION_TOKENS:
        pytest.skip("curl 7.87 or later is needed for signed calls with a session token")
    directory = tmp_path_factory.mktemp("walkthrough")
    emulator = Emulator(directory / "emulator")
    emulator.start()
    yield Account(directory, emulator)
    assert emulator.ended(20, by=signal.SIGTERM) == 0


def _said(*command: str) -> str:
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def guided_answers() -> str:
    """What a reader types: Enter for most. The last answer keeps samconfig.toml as it is."""
    parameters = ["true" if name == "LocalSettings" else "" for name in template()["Parameters"]]
    region, confirm, create_roles, disable_rollback, save = "", "", "y", "", "n"
    return "\n".join([STACK, region, *parameters, confirm, create_roles, disable_rollback, save, ""])


def test_the_walkthrough_works_as_written(account: Account) -> None:
    deployed = account.run(DEPLOY, guided_answers())
    assert f"Successfully created/updated stack - {STACK}" in deployed.stdout

    done = account.run("\n".join(USE))

    assert '{"message":null,"Status":"SUCCEEDED","PagesArrived":100,"PagesPlanned":100}' in done.stdout
    assert '"RecordsReceived": 10000' in done.stdout
    assert re.search(r'"Records": \d+00,\s+"Size": \d+,\s+"Sha256": "[0-9a-f]{64}"', done.stdout)
    assert "\n10000\n" in done.stdout
    arrived = [json.loads(line)["id"] for line in lines(account.root / "orders")]
    assert sorted(arrived) == list(range(10_000))
    assert "10,000 of 10,000" in done.stdout


def test_the_smoke_script_finds_a_good_stack_good_also_in_a_new_account(account: Account) -> None:
    put_before(account, "aws", "new", 'if [ "$1 $2" = "lambda get-account-settings" ]; then echo 10; exit; fi\n')
    put_before(account, "sam", "new", '[ "$*" != "build" ] || exit 0\n')  # the walkthrough has just built the same

    done = account.run(f'PATH="$PWD/new:$PATH" scripts/aws-smoke.sh --stack-name {STACK} --keep LocalSettings=true')

    assert "Your account runs 10 functions at a time" in done.stdout
    assert "ok  children at a time (MaxConcurrencyPath): 1\n" in done.stdout  # with two requests in flight
    assert "ok  an unsigned call: 403" in done.stdout
    assert "ok  every object has the SHA-256 that the manifest gives it" in done.stdout
    assert "ok  records in the objects of the manifest: 10000" in done.stdout
    assert "All is well." in done.stdout


def test_the_smoke_script_says_what_is_wrong_and_where_to_look(account: Account) -> None:
    stranger = account.run("AWS_SECRET_ACCESS_KEY=wrong scripts/aws-smoke.sh", check=False)
    bare = account.run("PATH=$PWD/.venv/bin /bin/bash scripts/aws-smoke.sh", check=False)

    assert stranger.returncode == bare.returncode == 1
    assert "FAILED  line" in stranger.stderr
    assert "aws sts get-caller-identity" in stranger.stderr
    assert "scripts/delete-stack.sh poller-smoke --with-dataset" in stranger.stderr
    missing = re.findall("^aws-smoke: (\\w+) is missing", bare.stderr, flags=re.M)
    assert missing == ["aws", "curl", "jq", "gzip", "awk"]


def test_a_stack_that_is_not_there_is_not_said_to_be_deleted(account: Account) -> None:
    done = account.run(f"scripts/delete-stack.sh {STACK}-2 --with-dataset", check=False)

    assert done.returncode != 0
    assert f"[{STACK}-2] does not exist" in done.stderr
    assert done.stdout == ""


def test_the_clean_up_leaves_nothing_even_if_an_access_log_arrives_late(account: Account) -> None:
    (log_bucket,) = [name for name in account.buckets() if "logbucket" in name]
    write_an_access_log_when_the_stack_is_deleted(account, log_bucket)

    done = account.run(f'PATH="$PWD/late:$PATH"; {CLEAN_UP}')

    stacks = account.emulator.client("cloudformation").list_stacks()["StackSummaries"]
    assert {s["StackStatus"] for s in stacks if s["StackName"] == STACK} == {"DELETE_COMPLETE"}
    assert done.stdout.count(f"Deleting {STACK}") == 2
    assert not account.buckets()


def write_an_access_log_when_the_stack_is_deleted(account: Account, bucket: str) -> None:
    aws = shutil.which("aws", path=account.environment["PATH"])
    put_before(
        account, "aws", "late",
        f'if [ "$1 $2" = "cloudformation delete-stack" ] && mkdir {account.root}/late/done 2>/dev/null; then\n'
        f"  {aws} s3api put-object --bucket {bucket} --key raw/late >/dev/null\n"
        "fi\n",
    )  # fmt: skip


def put_before(account: Account, name: str, directory: str, script: str) -> None:
    """A program in a directory of the checkout that runs `script` before the real one of its name."""
    real = shutil.which(name, path=account.environment["PATH"])
    program = account.root / directory / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\n{script}exec {real} "$@"\n')
    program.chmod(0o755)


def test_the_smoke_script_cleans_up_with_the_walkthroughs_command() -> None:
    smoke = (ROOT / "scripts" / "aws-smoke.sh").read_text()

    assert CLEAN_UP.strip().replace(STACK, '"$stack"') in [line.strip() for line in smoke.splitlines()]
