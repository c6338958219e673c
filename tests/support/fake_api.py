"""A poller API that is not there: a real HTTP server with canned answers, and a clock for its client."""

import hashlib
import json
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from poller_local.summary import pending_summary

JOB = "11111111-2222-3333-4444-555555555555"


def summary(status: str, **fields: Any) -> dict[str, Any]:
    return {**pending_summary(JOB), "Status": status, **fields}


SUCCEEDED = summary(
    "SUCCEEDED",
    Name="orders",
    SuccessfullyCompleted=35,
    Total=35,
    TotalIsFinal=True,
    Pages=35,
    RecordsReceived=3500,
    RecordsExpected=3500,
    Bytes=123456,
    StartedAt="2026-01-01T00:00:00Z",
    FinishedAt="2026-01-01T00:00:12.5Z",
)
PARTIAL = {
    **SUCCEEDED,
    "Status": "PARTIAL",
    "SuccessfullyCompleted": 33,
    "FailedToComplete": 2,
    "RecordsReceived": 3300,
    "Error": {"Type": "TasksFailed", "Message": "2 of 35 tasks failed, the first with 500"},
}
REJECTED = summary("REJECTED", Error={"Type": "InvalidSpec", "Message": "url: only https is allowed"})


class FakeApi:
    """Answers for PollerHttpApi on a real port; `submitted` holds the job specs that came in."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.url = server.url_for("").rstrip("/")
        self.submitted: list[Any] = []

    def takes_jobs(self) -> None:
        def take(request: Request) -> Response:
            self.submitted.append(json.loads(request.data))
            return json_response({"FailedEntryCount": 0, "Entries": [{"EventId": JOB}]})

        self.server.expect_request("/jobs", method="POST").respond_with_handler(take)

    def shows(self, *answers: dict[str, Any] | int) -> None:
        """The answers of GET /jobs/JOB in order, the last one for good; a number is a bare HTTP status."""
        remaining = list(answers)

        def show(_request: Request) -> Response:
            answer = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            if isinstance(answer, int):
                return json_response({"message": f"status {answer}"}, answer)
            return json_response(answer)

        self.server.expect_request(f"/jobs/{JOB}", method="GET").respond_with_handler(show)

    def stores(self, key: str, content: bytes, records: int = 1, **wrong: Any) -> dict[str, Any]:
        """Serves an object as S3 would, and returns its entry in /results; `wrong` replaces fields of it."""
        self.server.expect_request(f"/dataset/{key}").respond_with_data(content, content_type="application/gzip")
        return {
            "Key": key,
            "Url": f"{self.url}/dataset/{key}?X-Amz-Signature=canary",
            "Size": len(content),
            "Records": records,
            "Sha256": hashlib.sha256(content).hexdigest(),
            "TaskId": key.rpartition("/")[2].partition(".")[0],
            **wrong,
        }

    def lists(self, *pages: list[dict[str, Any]]) -> None:
        """Pages of GET /jobs/JOB/results, chained by the tokens `page-1`, `page-2`, …"""
        for number, page in enumerate(pages):
            following = f"page-{number + 1}" if number + 1 < len(pages) else None
            query = {"next": f"page-{number}"} if number else {}
            folder = page[0]["Key"].rpartition("/")[0] if page else f"orders/{JOB}"
            self.server.expect_request(f"/jobs/{JOB}/results", query_string=query).respond_with_json(
                {"JobId": JOB, "Bucket": "dataset", "Prefix": f"{folder}/", "Results": page, "Next": following}
            )

    def pages(self, path: str, key: str, items: list[Any]) -> list[dict[str, str]]:
        """Serves `items` under `key` in pages of the asked-for limit; returns the queries as they come."""
        queries: list[dict[str, str]] = []

        def page(request: Request) -> Response:
            queries.append(request.args.to_dict())
            start = int(request.args.get("next", "0"))
            end = start + int(request.args["limit"])
            return json_response({key: items[start:end], "Next": str(end) if end < len(items) else None})

        self.server.expect_request(path, method="GET").respond_with_handler(page)
        return queries

    def refuses(self, path: str, method: str, status: int, message: str) -> None:
        self.server.expect_request(path, method=method).respond_with_json({"message": message}, status=status)

    def asked(self, method: str, path: str) -> int:
        """How many such requests have come in."""
        return sum((request.method, request.path) == (method, path) for request, _ in self.server.log)


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def json_response(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
