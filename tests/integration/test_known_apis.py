"""The spec of each page in docs/apis gets every record of an API that pages as its documentation says."""

import json
from base64 import b64encode
from typing import Any

import pytest

from poller.auth.secret import Value
from tests.support import workflow
from tests.support.documents import blocks
from tests.support.imitations import IMITATIONS, Answer, Asked, Imitated, imitated
from tests.support.secrets import put_secret
from tests.support.template import ROOT
from tests.support.workflow import Take, dataset

PAGES = ROOT / "docs" / "apis"
SPECS = [
    pytest.param(name, json.loads(block.text), id=f"{name}-{number}")
    for name in IMITATIONS
    for number, block in enumerate(block for block in blocks(PAGES / f"{name}.md") if block.language == "json")
]
TEXT = "canary-0123456789-abcdef"
PAIR = {"username": "somebody@example.com", "password": TEXT}
BASIC = b64encode(f"{PAIR['username']}:{TEXT}".encode()).decode()
CLIENT = {"client_id": "poller", "client_secret": TEXT}


def here(spec: dict[str, Any], origin: str) -> dict[str, Any]:
    """`spec` with `origin` in place of the API's own."""
    scheme, _, rest = spec["url"].partition("://")
    theirs = f"{scheme}://{rest.partition('/')[0]}"
    return dict(json.loads(json.dumps(spec).replace(theirs, origin)))


def let_in(api: Imitated, auth: dict[str, Any] | None) -> None:
    """Store the secret that `auth` names, and have the server ask for what a request with it carries."""
    if auth is None:
        return
    of_type: dict[str, tuple[Value, dict[str, str]]] = {
        "bearer": (TEXT, {"authorization": f"Bearer {TEXT}"}),
        "api_key": (TEXT, {auth.get("name", "").lower(): TEXT}),
        "http_basic": (PAIR, {"authorization": f"Basic {BASIC}"}),
        "oauth2_client_credentials": (CLIENT, {"authorization": "Bearer 00D-canary-token-0123456789"}),
    }
    secret, api.wanted = of_type[auth["type"]]
    put_secret(auth["secret"], secret, api.origin)


@pytest.mark.parametrize(("name", "spec"), SPECS)
def test_every_record_arrives(sent_messages: Take, name: str, spec: dict[str, Any]) -> None:
    answer, records = IMITATIONS[name]
    with imitated(answer) as api:
        let_in(api, spec.get("auth"))

        job = workflow.run(here(spec, api.origin), sent_messages)

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert [json.loads(line) for line in dataset(job)] == records
    assert (job["Proof"]["End"], job["Proof"]["Distinct"]) == ("seen", len(records))
    assert api.refused == 0


def test_an_error_that_slack_answers_with_200_is_told(sent_messages: Take) -> None:
    (spec,) = [param.values[1] for param in SPECS if param.values[0] == "slack"]
    with imitated(lambda _: Answer({"ok": False, "error": "missing_scope"})) as api:
        let_in(api, spec["auth"])

        job = workflow.run(here(spec, api.origin), sent_messages)

    assert job["Status"] == "REJECTED"
    assert "missing_scope" in job["Error"]["Message"]


def test_the_error_budget_of_eve_online_is_waited_for(sent_messages: Take) -> None:
    (spec,) = [param.values[1] for param in SPECS if param.values[0] == "eve-esi"]
    answer, records = IMITATIONS["eve-esi"]
    spent: list[Asked] = []

    def once(asked: Asked) -> Answer:
        if asked.query.get("page") != "2" or spent:
            return answer(asked)
        spent.append(asked)
        left = {"X-Esi-Error-Limit-Remain": "0", "X-Esi-Error-Limit-Reset": "1"}
        return Answer({"error": "This software has exceeded the error limit for ESI."}, left, 420)

    with imitated(once) as api:
        job = workflow.run(here(spec, api.origin), sent_messages)

    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert [json.loads(line) for line in dataset(job)] == records
    assert job["WaitedSeconds"] >= 1


def test_every_page_is_imitated_and_listed() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    index = (PAGES / "README.md").read_text()

    assert pages == set(IMITATIONS)
    assert all(f"({page}.md)" in index for page in pages)
