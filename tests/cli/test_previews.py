import json

import pytest
from werkzeug import Response

from poller_local.cli import execute
from tests.support.fake_api import FakeApi

FOUND = {
    "Request": {
        "Method": "GET", "Url": "https://api.example.com/?page=1", "Headers": {"Accept": "a/b"}, "Curl": "curl …",
    },
    "Response": {
        "Status": 200, "Headers": {"x-total-count": "95"}, "Seconds": 0.25, "Bytes": 1, "Body": '{"data":\n[1]}',
    },
    "Paginator": {"Type": "offset", "Evidence": "total = 95"},
    "Spec": {"url": "https://api.example.com", "paginator": "offset"},
    "DataSelector": "data", "Records": 10, "RecordsExpected": 95, "Sample": ['{"id":1}', '{"id":2}'],
    "Key": ["id"], "Columns": None, "IsWalk": False,
    "Pages": 10, "Tasks": 2, "Requests": 13, "Seconds": 9, "Dollars": 0.0021, "Warnings": ["mind this"],
}  # fmt: skip


def answers(api: FakeApi, found: dict[str, object]) -> None:
    reply = Response(json.dumps(found), content_type="application/json")
    api.server.expect_request("/jobs/preview", method="POST").respond_with_response(reply)


def test_a_preview_is_read_from_top_to_bottom(api: FakeApi, capsys: pytest.CaptureFixture[str]):
    answers(api, FOUND)

    status = execute(["preview", "https://api.example.com", "--api-url", api.url])

    shown = capsys.readouterr()
    assert status == 0
    assert shown.out.splitlines() == [
        "Request    GET https://api.example.com/?page=1",
        "           Accept: a/b",
        "Response   200 in 0.25 s, 1 byte",
        "           x-total-count: 95",
        '           {"data": [1]}',
        "Paginator  offset, because total = 95",
        "Records    10 on the first page, 95 in all",
        '           {"id":1}',
        "Key        id",
        "Plan       10 pages in parallel, 2 tasks, about 13 requests, 9 s and $0.0021",
        'Spec       {"url": "https://api.example.com", "paginator": "offset"}',
    ]
    assert "Note: mind this" in shown.err


def test_what_is_not_known_is_said_to_be_so(api: FakeApi, capsys: pytest.CaptureFixture[str]):
    unknown = dict.fromkeys(("Pages", "Tasks", "Requests", "Seconds", "Dollars", "RecordsExpected", "Key"))
    answers(api, FOUND | unknown | {"IsWalk": True, "Columns": ["a", "b"], "Warnings": [], "Sample": []})

    execute(["preview", "https://api.example.com", "--api-url", api.url])

    out = capsys.readouterr().out
    assert "Plan       pages one page after the other; how many is not known" in out
    assert "an unknown number in all" in out
    assert "Key        none found" in out
    assert "Columns    a, b" in out


def test_json_is_the_answer_and_nothing_else(api: FakeApi, capsys: pytest.CaptureFixture[str]):
    answers(api, FOUND)

    execute(["preview", "https://api.example.com", "--json", "--api-url", api.url])

    assert json.loads(capsys.readouterr().out) == FOUND


def test_what_would_be_rejected_is_one_line(api: FakeApi, capsys: pytest.CaptureFixture[str]):
    api.refuses("/jobs/preview", "POST", 400, "GET /: HTTP 404")

    status = execute(["preview", "https://api.example.com", "--api-url", api.url])

    assert status == 1
    assert capsys.readouterr().err == "poller: Such a job would be REJECTED: GET /: HTTP 404\n"
