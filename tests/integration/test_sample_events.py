"""Each handler runs on its own file in events/, in the shape that AWS sends."""

import json
from importlib import import_module
from typing import Any

import boto3
import pytest

from poller.handlers import (
    dependencies,
    fetch_payload,
    prepare_poller_job,
    process_payload,
    reconcile_job,
    start_source_run,
)
from tests.support.handlers import Context
from tests.support.partner import Partner, serving
from tests.support.template import ROOT, functions
from tests.support.workflow import Take


def sample(name: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / "events" / f"{name}.json").read_text()))


@pytest.mark.parametrize("name", ["get-job", "get-job-results"])
def test_reading_an_unknown_job_is_404(sent_messages: Take, name: str) -> None:
    handler = import_module(f"poller.handlers.api.{name.replace('-', '_')}").handler

    assert handler(sample(name), Context())["statusCode"] == 404


def test_the_workflows_steps_follow_each_other(sent_messages: Take) -> None:
    request = sample("prepare-poller-job")
    with serving(Partner(total=40)) as partner:
        request["Spec"] = {"url": partner.url, "name": "demo", "paginator": {"type": "offset", "limit": 10}}

        planned = prepare_poller_job.handler(request, Context())
        fetched = fetch_payload.handler(sample("fetch-payload"), Context())
        processed = process_payload.handler(sample("process-payload"), Context())
        decided = reconcile_job.handler(sample("reconcile-job"), Context())

    assert planned["NextStep"] == "FETCH"
    assert fetched == {"TaskId": "t00000003", "State": "ENQUEUED"}
    assert processed == {"batchItemFailures": []}
    assert decided["NextStep"] == "FETCH"
    assert dependencies.dataset().get(f"demo/{request['JobId']}/t00000003.jsonl.gz")


def test_a_preview_is_made_of_the_body(aws: None) -> None:
    event = sample("preview-job")
    with serving(Partner(total=40)) as partner:
        event["body"] = event["body"].replace("https://api.example.com/v2/orders", partner.url)
        answer = import_module("poller.handlers.api.preview_job").handler(event, Context(25))

    assert (answer["statusCode"], json.loads(answer["body"])["RecordsExpected"]) == (200, 40)


def test_a_source_is_saved_run_and_deleted(sent_messages: Take) -> None:
    boto3.client("scheduler").create_schedule_group(Name="sources")

    def answer(name: str) -> tuple[int, Any]:
        said = import_module(f"poller.handlers.api.{name.replace('-', '_')}").handler(sample(name), Context())
        return said["statusCode"], json.loads(said["body"])

    assert answer("put-source")[0] == 201
    begun = start_source_run.handler(sample("start-source-run"), Context())
    assert begun["Outcome"] == "BEGUN"
    assert answer("run-source")[0] == 409  # it goes
    assert answer("get-source")[1]["LastJobId"] == begun["JobId"]
    assert [source["Name"] for source in answer("list-sources")[1]["Sources"]] == ["orders"]
    assert answer("change-source")[1]["Paused"] is True
    assert answer("delete-source")[0] == 200


def test_the_demonstration_api_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in functions()["PayloadGenerator"]["Environment"]["Variables"]:
        monkeypatch.setenv(name, "0")
    handler = import_module("external_api.payload_generator").handler

    answer = handler(sample("payload-generator"), Context())

    body = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert [record["id"] for record in body["payload"]] == list(range(200, 300))
    assert (body["totalRecords"], body["maxRecordsPerPage"]) == (10_000, 100)
