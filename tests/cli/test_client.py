import socket
from collections.abc import Iterator

import pytest
from botocore.credentials import Credentials
from werkzeug import Request, Response

from poller_local.client import PollerClient
from poller_local.errors import ApiError, JobConflict, JobNotFound, JobRefused, StackUnreachable, WaitTimeout
from poller_local.signing import SigV4
from tests.support.fake_api import JOB, SUCCEEDED, FakeApi, FakeTime, json_response, summary

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
    assert str(refused.value) == (
        "The event bus refused the job: MalformedDetail: Detail is malformed; "
        'the body of POST /jobs must be a job spec, one JSON object such as {"url": "https://…"}'
    )


def test_a_submit_is_never_repeated(api: FakeApi, client: PollerClient):
    api.server.expect_request("/jobs").respond_with_json({"message": "Service Unavailable"}, status=503)

    with pytest.raises(ApiError, match="The stack answered 503: Service Unavailable"):
        client.submit({"url": "https://api.example.com/orders"})

    assert len(api.server.log) == 1


def lose_answer(request: Request) -> Response:
    """The request has arrived, and the connection ends before its answer."""

    def body() -> Iterator[bytes]:
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        yield b""

    return Response(body())


@pytest.mark.parametrize("answer", [lose_answer, lambda _request: json_response({"message": "try again"}, 503)])
def test_a_job_with_a_client_token_is_sent_again(api: FakeApi, client: PollerClient, answer):
    for _ in range(2):
        api.server.expect_oneshot_request("/jobs", method="POST").respond_with_handler(answer)
    api.takes_jobs()

    job_id = client.submit({"url": "https://api.example.com/orders", "client_token": "2026-01-31"})

    assert job_id == JOB
    assert api.asked("POST", "/jobs") == 3


@pytest.mark.parametrize("spec", [{}, {"client_token": None}, {"client_token": ""}])
def test_a_job_whose_answer_is_lost_is_not_sent_again_without_one(api: FakeApi, client: PollerClient, spec):
    api.server.expect_request("/jobs", method="POST").respond_with_handler(lose_answer)

    with pytest.raises(StackUnreachable):
        client.submit({"url": "https://api.example.com/orders", **spec})

    assert api.asked("POST", "/jobs") == 1


def test_a_job_that_is_refused_is_not_sent_again(api: FakeApi, client: PollerClient):
    api.refuses("/jobs", "POST", 403, "Forbidden")

    with pytest.raises(ApiError, match="The stack answered 403: Forbidden; have your calls signed"):
        client.submit({"url": "https://api.example.com/orders", "client_token": "2026-01-31"})

    assert api.asked("POST", "/jobs") == 1


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
    assert time.slept == pytest.approx([0.3, 0.3, 0.3])


def test_wait_is_late_by_a_tenth_and_by_two_seconds_at_most(api: FakeApi, client: PollerClient, time: FakeTime):
    api.shows(*[RUNNING] * 60, SUCCEEDED)

    client.wait(JOB)

    assert time.slept[:11] == pytest.approx([0.3] * 11)
    assert time.slept[11] == pytest.approx(0.33)
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


def test_a_download_is_not_signed_with_the_api_s_credentials(api: FakeApi, tmp_path):
    entry = api.stores(f"orders/{JOB}/0.jsonl.gz", b"content")
    api.lists([entry])

    with PollerClient(api.url, SigV4(Credentials("AKIDEXAMPLE", "secret"), "us-east-1")) as client:
        client.download(JOB, tmp_path)

    of_s3 = [request for request, _ in api.server.log if request.path.startswith("/dataset/")]
    assert len(of_s3) == 1
    assert "Authorization" not in of_s3[0].headers


def test_results_say_where_they_lie(api: FakeApi, client: PollerClient):
    entry = api.stores(f"orders/{JOB}/0.jsonl.gz", b"x")
    api.lists([entry])

    pages = list(client.result_pages(JOB))

    assert pages == [{"Bucket": "dataset", "Prefix": f"orders/{JOB}/", "Results": [entry]}]


def test_jobs_are_listed_page_after_page(api: FakeApi, client: PollerClient):
    queries = api.pages("/jobs", "Jobs", [{"JobId": str(n), "Status": "SUCCEEDED"} for n in range(120)])

    jobs = list(client.jobs())

    assert [job["JobId"] for job in jobs] == [str(n) for n in range(120)]
    assert queries == [{"limit": "50"}, {"limit": "50", "next": "50"}, {"limit": "50", "next": "100"}]


def test_no_more_jobs_are_asked_for_than_wanted(api: FakeApi, client: PollerClient):
    queries = api.pages("/jobs", "Jobs", [{"JobId": str(n), "Status": "SUCCEEDED"} for n in range(250)])

    few, many = list(client.jobs(most=5)), list(client.jobs(most=51))

    assert (len(few), len(many)) == (5, 51)
    assert queries == [{"limit": "5"}, {"limit": "50"}, {"limit": "50", "next": "50"}]


def test_an_empty_page_is_not_the_end(api: FakeApi, client: PollerClient):
    path = f"/jobs/{JOB}/tasks"
    found = {"TaskId": "t00000007", "State": "FAILED"}
    for query, page in (
        ({"limit": "1000", "state": "FAILED"}, {"Tasks": [], "Next": "more"}),
        ({"limit": "1000", "state": "FAILED", "next": "more"}, {"Tasks": [found], "Next": None}),
    ):
        api.server.expect_request(path, query_string=query).respond_with_json(page)

    tasks = list(client.tasks(JOB, "FAILED"))

    assert tasks == [found]


def test_a_cancel_whose_answer_is_lost_is_sent_again(api: FakeApi, client: PollerClient):
    path = f"/jobs/{JOB}"
    api.server.expect_oneshot_request(path, method="DELETE").respond_with_handler(lose_answer)
    api.server.expect_request(path, method="DELETE").respond_with_json({"message": "is being cancelled"}, status=202)

    said = client.cancel(JOB)

    assert said == "is being cancelled"


def test_a_redrive_whose_answer_is_lost_is_not(api: FakeApi, client: PollerClient):
    api.server.expect_request(f"/jobs/{JOB}/redrive", method="POST").respond_with_handler(lose_answer)

    with pytest.raises(StackUnreachable):
        client.redrive(JOB)

    assert api.asked("POST", f"/jobs/{JOB}/redrive") == 1


@pytest.mark.parametrize("order", [PollerClient.cancel, PollerClient.redrive])
def test_what_the_job_s_state_forbids_is_a_typed_error(api: FakeApi, client: PollerClient, order):
    for path, method in ((f"/jobs/{JOB}", "DELETE"), (f"/jobs/{JOB}/redrive", "POST")):
        api.refuses(path, method, 409, f"Job {JOB} is not like that")

    with pytest.raises(JobConflict) as conflict:
        order(client, JOB)

    assert conflict.value.said == f"Job {JOB} is not like that"
    assert len(api.server.log) == 1


@pytest.mark.parametrize("ask", [PollerClient.cancel, PollerClient.redrive, lambda c, job: list(c.tasks(job))])
def test_a_job_that_nobody_knows(api: FakeApi, client: PollerClient, ask):
    for path, method in ((f"/jobs/{JOB}", "DELETE"), (f"/jobs/{JOB}/redrive", "POST"), (f"/jobs/{JOB}/tasks", "GET")):
        api.refuses(path, method, 404, "Job not found")

    with pytest.raises(JobNotFound):
        ask(client, JOB)
