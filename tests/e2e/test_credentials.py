"""APIs that want to know who asks, from the command line to the dataset; and a canary that is found nowhere."""

import gzip
import json
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import fivetran_api_playground as playground
import pytest

from poller.auth.echoes import forms
from tests.support.emulator import eventually
from tests.support.foreign_servers import served
from tests.support.guarded import guarded, key
from tests.support.local_stack import LocalStack
from tests.support.oauth_server import OAuthServer, giving_tokens
from tests.support.partner import Partner

CANARY = "canary/0123456789+abcdef="
SECONDS = 60


def put(stack: LocalStack, name: str, value: Any, *origins: str) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    allowed = [word for origin in origins for word in ("--allow-origin", origin)]
    said = stack.run("secrets", "put", name, *allowed, input=text)
    assert said.stdout.startswith(f"Secret {name} is ")


def job(stack: LocalStack, **spec: Any) -> dict[str, Any]:
    client = stack.client()
    return dict(client.wait(client.submit(spec), timeout=SECONDS))


@pytest.mark.parametrize(
    ("path", "auth", "value"),
    [
        (
            "http_basic",
            {"type": "http_basic"},
            {"username": playground.HTTP_BASIC_USERNAME, "password": playground.HTTP_BASIC_PASSWORD},
        ),
        ("http_bearer", {"type": "bearer"}, playground.HTTP_BEARER_TOKEN),
        ("api_key", {"type": "api_key", "name": "Authorization"}, f"apiKey {playground.API_KEY}"),
        (
            "session_token/data",
            {"type": "session_token", "token_path": "token", "scheme": "Token"},
            {"username": playground.SESSION_AUTH_USERNAME, "password": playground.SESSION_AUTH_PASSWORD},
        ),
    ],
    ids=["basic", "bearer", "key", "session"],  # each process makes the values anew
)
def test_a_foreign_server_lets_the_job_in(stack: LocalStack, path: str, auth: dict[str, str], value: Any) -> None:
    with served(playground.app) as origin:
        put(stack, "playground", value, origin)
        login = {"login_url": f"{origin}/auth/session_token/login"} if auth["type"] == "session_token" else {}

        done = job(
            stack, url=f"{origin}/auth/{path}", paginator="single_page", data_selector="data",
            auth={**auth, **login, "secret": "playground"},
        )  # fmt: skip

    assert (done["Status"], done["Error"]) == ("SUCCEEDED", None)
    assert done["RecordsReceived"] > 0


def test_an_aws_api_takes_the_signature(stack: LocalStack) -> None:
    endpoint, iam = stack.described["endpoint_url"], stack.aws("iam")
    may_list = {"Effect": "Allow", "Action": "lambda:ListFunctions", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_list]})
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    held = {"access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}
    put(stack, "aws", held, endpoint)
    auth = {"type": "aws_sigv4", "secret": "aws", "service": "lambda", "region": "us-east-1"}
    spec = {"url": f"{endpoint}/2015-03-31/functions/", "paginator": "single_page", "data_selector": "Functions"}

    done = job(stack, **spec, auth=auth)

    put(stack, "aws", {**held, "secret_access_key": "another"}, endpoint)
    refused = job(stack, **spec, auth=auth)

    assert (done["Status"], done["Error"]) == ("SUCCEEDED", None)
    assert done["RecordsReceived"] >= 14
    assert refused["Status"] == "REJECTED"
    assert "HTTP 403" in refused["Error"]["Message"]


def test_tokens_of_a_foreign_server_that_expire_lose_no_page(stack: LocalStack) -> None:
    with giving_tokens(OAuthServer(expires_in=2)) as server, guarded(Partner(total=500), server.admits) as api:
        put(stack, "client", server.secret, api.origin, server.origin)
        auth = {"type": "oauth2_client_credentials", "secret": "client", "token_url": server.url}

        done = job(stack, url=api.url, paginator={"type": "offset", "limit": 10}, auth=auth)

    assert (done["Status"], done["RecordsReceived"]) == ("SUCCEEDED", 500)
    assert len(server.tokens) >= 1


def test_a_secret_for_another_origin_is_refused(stack: LocalStack) -> None:
    with guarded(Partner(), key("k", CANARY)) as api:
        put(stack, "elsewhere", CANARY, "https://api.example.com")

        done = job(stack, url=api.url, auth={"type": "bearer", "secret": "elsewhere"})

    assert (done["Status"], done["Error"]["Type"]) == ("REJECTED", "AuthFailed")
    assert api.came == []


def test_a_canary_is_found_nowhere_but_in_secrets_manager(stack: LocalStack) -> None:
    """Case 32: in what the emulator keeps of table, buckets, queues, events, histories and logs, and in its own log."""
    with guarded(Partner(total=35, refuses_page_from=30), key("k", CANARY)) as api:
        api.echoes = True
        put(stack, "canary", CANARY, api.origin)
        auth = {"type": "api_key", "secret": "canary", "name": "k", "location": "query"}
        spec = {"url": api.url, "name": "canary", "paginator": {"type": "offset", "limit": 10}, "auth": auth}
        partial = job(stack, **spec)
        put(stack, "canary", f"wrong{CANARY}", api.origin)
        rejected = job(stack, **spec)
    shown = [
        stack.run(*words, partial["JobId"], check=False).stdout for words in (("status",), ("tasks",), ("logs",))
    ] + [stack.run("logs", rejected["JobId"]).stdout, stack.run("secrets", "list").stdout]

    assert (partial["Status"], rejected["Status"]) == ("PARTIAL", "REJECTED")
    assert "HTTP 401" in rejected["Error"]["Message"]
    assert all(form not in text for text in shown for form in forms(CANARY))
    home = stack.root / ".poller"
    eventually(lambda: len(files_with([rejected["JobId"]], home)) >= 3, SECONDS)  # what was done is saved by now
    found = files_with(forms(CANARY), home)
    assert [path.name for path in found] == ["secretsmanager.json"]
    assert (home / "data").stat().st_mode & 0o077 == 0


def files_with(texts: Any, folder: Path) -> list[Path]:
    """The files that hold one of these, also where they are gzipped."""
    wanted = [text.encode() for text in texts]
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _holds(path, wanted)]


def _holds(path: Path, wanted: list[bytes]) -> bool:
    with suppress(FileNotFoundError):  # it is written anew
        body = path.read_bytes()
        with suppress(OSError, EOFError, zlib.error):
            body += gzip.decompress(body)
        return any(text in body for text in wanted)
    return False
