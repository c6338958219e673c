"""Each route of a deployed stack's API, and what shows that it is served."""

import pytest
import requests
from requests.auth import AuthBase

from tests.support.deployed import Deployed
from tests.support.openapi import Operation, operations, rendered

OPERATIONS = operations(rendered("PollerHttpApi", ApiAuth="IAM"))
_THE_GATEWAY_S = ("Not Found", "Bad Request")  # where there is no route, or none that takes such a request
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.route_key)


def call(stack: Deployed, operation: Operation, auth: AuthBase | None = None) -> requests.Response:
    """The operation on a job or a source that does not exist, without a body: what needs one refuses that."""
    path = operation.path.replace("{jobId}", "no-such-job").replace("{name}", "no-such-source")
    headers = {"Content-Type": "application/json"}
    return requests.request(operation.method, stack.api_url + path, auth=auth, headers=headers, timeout=30)


def served(operation: Operation, answer: requests.Response) -> bool:
    """Whether this is an answer of what stands behind the route."""
    if operation.route_key == "POST /jobs":
        return (answer.status_code, answer.json()["FailedEntryCount"]) == (200, 1)
    if operation.route_key in ("GET /jobs", "GET /sources"):
        return answer.status_code == 200 and {"Jobs", "Sources"} & answer.json().keys() != set()
    message = answer.json()["message"]
    if "{jobId}" in operation.path:
        return (answer.status_code, message) == (404, "Job no-such-job not found")
    return answer.status_code in (400, 404) and message not in _THE_GATEWAY_S
