"""What jobs make of their records, through the real handlers: storage on moto, the partner's API on loopback."""

import csv
import gzip
import io
import json
from typing import Any

import pytest

from poller.handlers import dependencies
from poller.handlers.api import redrive_job
from tests.support import workflow
from tests.support.handlers import call
from tests.support.partner import Partner, answering, serving
from tests.support.workflow import Take, offset

ROWS = [
    {"id": 1, "name": "Ann", "at": {"x": 1.5}},
    {"id": 2, "name": None, "at": {}},
    {"id": 3, "name": "a,b", "at": {}},
]


def tables(job: dict[str, Any]) -> list[list[list[str]]]:
    """The header and rows of each object of the dataset."""
    manifest = json.loads(dependencies.dataset().get(f"{job['Name']}/{job['JobId']}/_manifest.json") or b"")
    assert manifest["Format"] == "csv"
    bodies = [dependencies.dataset().get(item["Key"]) or b"" for item in manifest["Objects"]]
    assert all(item["Key"].endswith(".csv.gz") for item in manifest["Objects"])
    return [list(csv.reader(io.StringIO(gzip.decompress(body).decode(), newline=""))) for body in bodies]


def pages_of_one(rows: list[Any]) -> Any:
    return lambda start, _: ({"data": rows[start : start + 1], "total": len(rows)}, {})


def test_each_task_is_a_table_with_the_fields_of_the_first_page(sent_messages: Take) -> None:
    with answering(pages_of_one(ROWS)) as (url, _):
        job = workflow.run({"url": url, "paginator": offset(1), "output": "csv"}, sent_messages)

    header = ["id", "name", "at"]
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 3)
    assert job["Proof"]["Distinct"] == 3
    assert tables(job) == [
        [header, ["1", "Ann", '{"x":1.5}']],
        [header, ["2", "", "{}"]],
        [header, ["3", "a,b", "{}"]],
    ]


def test_columns_that_are_named_are_the_table(sent_messages: Take) -> None:
    output = {"format": "csv", "columns": ["at.x", "id"]}
    with answering(pages_of_one(ROWS)) as (url, _):
        job = workflow.run({"url": url, "paginator": offset(3), "output": output}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert [row for table in tables(job) for row in table[1:]] == [["1.5", "1"], ["", "2"], ["", "3"]]


def test_a_field_that_only_a_later_page_has_is_named_and_no_redrive_brings_it(sent_messages: Take) -> None:
    rows = [*ROWS, {"id": 4, "note": "x"}]
    with answering(pages_of_one(rows)) as (url, _):
        job = workflow.run({"url": url, "paginator": offset(1), "output": "csv"}, sent_messages)
        status, answer = call(redrive_job, job["JobId"])

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "FieldsLeftOut")
    assert "no column holds: note; name all columns in output.columns" in job["Error"]["Message"]
    assert (status, "would be the same again" in answer["message"]) == (409, True)


@pytest.mark.parametrize(("rows", "said"), [([[1]], "record 1 of the first page is a list"), ([5], "is a number")])
def test_records_that_are_no_rows_are_refused_before_the_plan(sent_messages: Take, rows: list[Any], said: str) -> None:
    with answering(pages_of_one(rows)) as (url, asked):
        job = workflow.run({"url": url, "paginator": offset(1), "output": "csv"}, sent_messages)

    assert (job["Status"], len(asked)) == ("REJECTED", 1)
    assert said in job["Error"]["Message"]


def test_no_records_are_an_empty_table(sent_messages: Take) -> None:
    with serving(Partner(total=0)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10), "output": "csv"}, sent_messages)

    assert (job["Status"], tables(job)) == ("SUCCEEDED", [[]])
