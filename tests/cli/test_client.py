import json

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug import Request, Response

from poller_local.client import PollerClient
from poller_local.errors import ApiError, JobNotFound, JobRefused, StackUnreachable, WaitTimeout
from poller_local.signing import SigV4

from .conftest import JOB, SUCCEEDED, FakeApi, FakeTime, json_response, summary

RUNNING = summary("RUNNING", Total=35, TotalIsFinal=True, SuccessfullyCompleted=7)


def test_submit_answers_the_job_id(api: FakeApi, client: PollerClient):
    api.takes_jobs()

    job_id = client.submit({"url": "https://api.example.com/orders", "params": {"q": "ö", "big": 9007199254740993}})

    assert job_id == JOB
    assert api.submitted == [{"url": "https://api.example.com/orders", "params": {"q": "ö", "big": 9007199254740993}}]


def test_a_job_that_the_bus_refuses_is_a_typed_error(api: FakeApi, client: PollerClient):
    refusal = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    api.server.expect_request("/jobs").respond_with_json({"FailedEntryCount": 1, "Entries": [refusal]})

    with pytest.raises(JobRefused) as refused:
        client.submit({"url": "https://api.example.com/orders"})

    assert (refused.value.code, refused.value.reason) == ("MalformedDetail", "Detail is malformed.")


def test_a_submit_is_never_repeated(api: FakeApi, client: PollerClient):
    api.server.expect_request("/jobs").respond_with_json({"message": "Service Unavailable"}, status=503)

    with pytest.raises(ApiError, match="The stack answered 503: Service Unavailable"):
        client.submit({"url": "https://api.example.com/orders"})

    assert len(api.server.log) == 1


def test_an_unknown_job_is_not_found(api: FakeApi, client: PollerClient):
    api.shows(404)

    with pytest.raises(JobNotFound, match=f"Job {JOB} not found"):
        client.job(JOB)


def test_a_job_id_cannot_leave_its_path_segment(api: FakeApi, client: PollerClient):
    api.server.expect_request("/").respond_with_json({})
    paths = []
    api.server.expect_request("/jobs/../sources").respond_with_handler(
        lambda request: paths.append(request.environ["REQUEST_URI"]) or json_response(RUNNING)
    )

    client.job("../sources")

    assert paths == ["/jobs/..%2Fsources"]


def test_a_field_of_a_newer_api_is_kept_and_a_missing_one_has_a_default(api: FakeApi, client: PollerClient):
    api.shows({"JobId": JOB, "Status": "RUNNING", "Colour": "blue"})

    seen = client.job(JOB)

    assert seen["Colour"] == "blue"
    assert (seen["Total"], seen["Error"]) == (0, None)


def test_wait_shows_every_summary_and_returns_the_final_one(api: FakeApi, client: PollerClient, time: FakeTime):
    api.shows(404, RUNNING, RUNNING, SUCCEEDED)
    seen = []

    final = client.wait(JOB, seen.append)

    assert final == SUCCEEDED
    assert [each["Status"] for each in seen] == ["PENDING", "RUNNING", "RUNNING", "SUCCEEDED"]
    assert time.slept == pytest.approx([0.3, 0.39, 0.507])


def test_wait_backs_off_to_two_seconds(api: FakeApi, client: PollerClient, time: FakeTime):
    api.shows(*[RUNNING] * 20, SUCCEEDED)

    client.wait(JOB)

    assert max(time.slept) == 2.0
    assert time.slept == sorted(time.slept)


def test_an_unknown_job_is_pending_for_a_minute_only(api: FakeApi, client: PollerClient, time: FakeTime):
    api.shows(404)
    seen = []

    with pytest.raises(JobNotFound):
        client.wait(JOB, seen.append)

    assert {each["Status"] for each in seen} == {"PENDING"}
    assert 1060 <= time.now <= 1062


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_wait_outlasts_a_transient_error(api: FakeApi, client: PollerClient, status: int):
    api.shows(RUNNING, status, status, status, SUCCEEDED)

    final = client.wait(JOB)

    assert final["Status"] == "SUCCEEDED"


def test_wait_gives_up_on_an_error_that_stays(api: FakeApi, client: PollerClient, time: FakeTime):
    api.shows(502)

    with pytest.raises(ApiError, match="502"):
        client.wait(JOB)

    assert len(api.server.log) == 6
    assert sum(time.slept) < 10


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wait_does_not_repeat_what_cannot_get_better(api: FakeApi, client: PollerClient, status: int):
    api.shows(status)

    with pytest.raises(ApiError, match=f"The stack answered {status}: status {status}"):
        client.wait(JOB)

    assert len(api.server.log) == 1


def test_wait_ends_after_its_timeout(api: FakeApi, client: PollerClient, time: FakeTime):
    api.shows(RUNNING)

    with pytest.raises(WaitTimeout, match="has not ended after 5 s"):
        client.wait(JOB, timeout=5)

    assert 1005 <= time.now <= 1007


def test_nobody_at_the_address(time: FakeTime):
    client = PollerClient("http://127.0.0.1:9", if_unreachable="start it", sleep=time.sleep)

    with client, pytest.raises(StackUnreachable) as unreachable:
        client.job(JOB)

    assert str(unreachable.value) == "No answer from http://127.0.0.1:9 (cannot connect); start it"


def test_a_server_that_is_no_poller(api: FakeApi, client: PollerClient):
    api.server.expect_request(f"/jobs/{JOB}").respond_with_data("<html>hello</html>")

    with pytest.raises(ApiError, match="does not answer like a poller"):
        client.job(JOB)


def test_results_are_read_page_after_page(api: FakeApi, client: PollerClient):
    first, second, third = (api.stores(f"orders/{JOB}/{n}.jsonl.gz", b"x") for n in range(3))
    api.lists([first, second], [], [third])

    results = list(client.results(JOB))

    assert results == [first, second, third]


def test_the_page_size_is_asked_for_on_every_page(api: FakeApi, client: PollerClient):
    entry = api.stores(f"orders/{JOB}/0.jsonl.gz", b"x")
    path = f"/jobs/{JOB}/results"
    api.server.expect_request(path, query_string={"limit": "1"}).respond_with_json({"Results": [entry], "Next": "t=/&"})
    api.server.expect_request(path, query_string={"limit": "1", "next": "t=/&"}).respond_with_json({"Results": []})

    results = list(client.results(JOB, limit=1))

    assert results == [entry]


def test_a_page_of_results_that_comes_back_is_an_error(api: FakeApi, client: PollerClient):
    api.server.expect_request(f"/jobs/{JOB}/results").respond_with_json({"Results": [], "Next": "again"})

    with pytest.raises(ApiError, match="twice"):
        list(client.results(JOB))


def test_proxies_of_the_environment_are_ignored(api: FakeApi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    api.shows(SUCCEEDED)

    with PollerClient(api.url) as client:
        seen = client.job(JOB)

    assert seen["Status"] == "SUCCEEDED"


def test_a_redirect_is_not_followed(api: FakeApi, client: PollerClient):
    api.server.expect_request(f"/jobs/{JOB}").respond_with_data("", status=302, headers={"Location": "/elsewhere"})

    with pytest.raises(ApiError, match="does not answer like a poller"):
        client.job(JOB)

    assert len(api.server.log) == 1


def test_what_arrives_is_what_was_signed(api: FakeApi):
    credentials = Credentials("AKIDEXAMPLE", "secret", "session-token")
    verified = []

    def verify(request: Request) -> Response:
        headers = {name: request.headers[name] for name in ("Content-Type", "X-Amz-Date", "X-Amz-Security-Token")}
        sent = AWSRequest(method=request.method, url=request.url, data=request.data, headers=headers)
        sent.context["timestamp"] = request.headers["X-Amz-Date"]
        signer = SigV4Auth(credentials, "execute-api", "eu-central-1")
        signature = signer.signature(signer.string_to_sign(sent, signer.canonical_request(sent)), sent)
        verified.append(request.headers["Authorization"].endswith(f"Signature={signature}"))
        return json_response({"Results": [], "Entries": [{"EventId": JOB}]})

    api.server.expect_request("/jobs").respond_with_handler(verify)
    api.server.expect_request(f"/jobs/{JOB}/results").respond_with_handler(verify)
    with PollerClient(api.url, SigV4(credentials, "eu-central-1")) as client:
        client.submit(json.loads('{"url": "https://api.example.com/ö?a=b"}'))
        list(client.results(JOB, limit=5))

    assert verified == [True, True]


def test_a_download_is_not_signed_with_the_api_s_credentials(api: FakeApi, tmp_path):
    entry = api.stores(f"orders/{JOB}/0.jsonl.gz", b"content")
    api.lists([entry])

    with PollerClient(api.url, SigV4(Credentials("AKIDEXAMPLE", "secret"), "us-east-1")) as client:
        client.download(JOB, tmp_path)

    of_s3 = [request for request, _ in api.server.log if request.path.startswith("/dataset/")]
    assert len(of_s3) == 1
    assert "Authorization" not in of_s3[0].headers


def test_a_connection_that_breaks_is_said_in_one_line(api: FakeApi, client: PollerClient, monkeypatch):
    def broken(*_args, **_options):
        raise requests.exceptions.ChunkedEncodingError("first line\nsecond line")

    monkeypatch.setattr(requests.Session, "request", broken)

    with pytest.raises(StackUnreachable) as unreachable:
        client.job(JOB)

    assert "\n" not in str(unreachable.value)
