"""What a job's own response_actions make of answers, and which of them are refused before anything is asked."""

import pytest

from poller.errors import JobRejected, TransientUpstreamError, UpstreamRefused
from poller.paging.meaning import Reading, read_page
from poller.paging.response_action import Action, ResponseAction, first_fitting
from poller.specs.model import JobSpec
from poller.specs.parse import parse_job_spec
from poller.specs.stored import read_stored, write_stored
from poller.values import Page, Response
from tests.support.builders import NOW, response

URL = "https://api.example.com/"
SLACK = response({"ok": False, "error": "ratelimited", "channels": []})


def reading(**action: object) -> Reading:
    return Reading("items", ("Retry-After", "X-RateLimit-Reset"), actions=(ResponseAction(**action),))  # type: ignore[arg-type]


def read(answer: Response, **action: object) -> Page:
    return read_page(answer, reading(**action), NOW)


@pytest.mark.parametrize(
    ("action", "fits"),
    [
        ({"status_code": 200}, True),
        ({"status_code": 201}, False),
        ({"content": "ratelimited"}, True),
        ({"content": "archived"}, False),
        ({"when": "ok == `false`"}, True),
        ({"when": "ok"}, False),
        ({"when": "channels"}, False),
        ({"when": "error"}, True),
        ({"when": "missing"}, False),
        ({"when": "contains(error, 'rate')"}, True),
        ({"when": "contains(missing, 'rate')"}, False),
        ({"status_code": 200, "content": "ratelimited", "when": "ok == `false`"}, True),
        ({"status_code": 403, "content": "ratelimited", "when": "ok == `false`"}, False),
        ({"status_code": 200, "content": "archived", "when": "ok == `false`"}, False),
        ({"status_code": 200, "content": "ratelimited", "when": "ok"}, False),
    ],
    ids=repr,
)
def test_an_action_fits_where_all_that_it_names_does(action, fits):
    assert ResponseAction(Action.END, **action).fits(SLACK) is fits


def test_zero_is_something_and_an_empty_object_is_nothing():
    answer = response({"code": 0, "next": {}, "text": ""})

    found = {path: ResponseAction(Action.END, when=path).fits(answer) for path in ("code", "next", "text")}

    assert found == {"code": True, "next": False, "text": False}


def test_a_body_that_is_no_json_has_a_text_and_fits_no_condition():
    answer = response(b"<html>\xff archived", 403, content_type="text/html")

    assert ResponseAction(Action.IGNORE, content="archived").fits(answer)
    assert not ResponseAction(Action.IGNORE, when="!ok && archived").fits(answer)


def test_a_text_is_read_in_its_character_set():
    answer = response("geschlossen für".encode("latin-1"), 403, content_type="text/plain; charset=iso-8859-1")

    assert ResponseAction(Action.IGNORE, content="für").fits(answer)


def test_the_first_that_fits_counts():
    actions = [ResponseAction(Action.FAIL, 404), ResponseAction(Action.END, 200), ResponseAction(Action.RETRY, 200)]

    assert first_fitting(actions, SLACK) == 1
    assert first_fitting(actions[:1], SLACK) is None


def test_an_ignored_answer_is_a_page_without_records_that_says_so_and_keeps_its_body():
    page = read(response({"items": [1], "next": "c2"}, 403, x_total="3"), action=Action.IGNORE, status_code=403)

    assert (page.records, page.is_blank, page.selector) == ([], True, "items")
    assert (page.value, page.headers["x-total"]) == ({"items": [1], "next": "c2"}, "3")
    assert (page.ignored, page.end) == ("HTTP 403, for which response_actions[0] says ignore", "")


def test_the_end_has_the_records_that_come_with_it():
    page = read(response({"items": [1, 2], "last": True}), action=Action.END, when="last")

    assert (page.records, page.is_blank) == ([1, 2], False)
    assert (page.end, page.ignored) == ("HTTP 200, for which response_actions[0] says end", "")


@pytest.mark.parametrize("body", [b"", b"no more", b'{"message": "no more"}'])
def test_the_end_may_come_without_any(body):
    page = read(response(body, 400), action=Action.END, status_code=400)

    assert (page.records, page.is_blank, page.end != "") == ([], True, True)


def test_what_is_called_a_failure_is_refused_and_never_an_end_by_its_status():
    with pytest.raises(UpstreamRefused) as refused:
        read(response({"ok": False, "error": "not_found"}, 404), action=Action.FAIL, when="!ok")

    assert refused.value.status is None
    assert refused.value.message == 'the API answered HTTP 404: "not_found"; response_actions[0] says fail'


@pytest.mark.parametrize(("action", "is_limit"), [(Action.RETRY, False), (Action.RATE_LIMITED, True)])
def test_what_is_to_be_asked_again_is_transient(action, is_limit):
    with pytest.raises(TransientUpstreamError) as again:
        read(SLACK, action=action, content="ratelimited")

    assert (again.value.is_limit, again.value.retry_after) == (is_limit, None)
    assert again.value.message == f'the API answered HTTP 200: "ratelimited"; response_actions[0] says {action}'


@pytest.mark.parametrize(
    ("action", "headers", "wait"),
    [
        (Action.RETRY, {"retry_after": "7"}, 7),
        (Action.RETRY, {"x_ratelimit_reset": "7"}, None),
        (Action.RETRY, {"x_ratelimit_reset": "7", "x_ratelimit_remaining": "0"}, 7),
        (Action.RATE_LIMITED, {"retry_after": "7"}, 7),
        (Action.RATE_LIMITED, {"x_ratelimit_reset": "7"}, 7),
    ],
    ids=repr,
)
def test_it_says_when_as_other_answers_do(action, headers, wait):
    with pytest.raises(TransientUpstreamError) as again:
        read(response({"ok": False}, **headers), action=action, when="!ok")

    assert again.value.retry_after == wait


def test_an_answer_that_none_fits_is_read_as_ever():
    with pytest.raises(UpstreamRefused) as refused:
        read(response({"message": "gone"}, 404), action=Action.IGNORE, status_code=403)

    assert refused.value.status == 404


def refusal(actions: object) -> str:
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "response_actions": actions})
    return refused.value.message


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ({"action": "end"}, "response_actions is an object; it must be a list of objects with an action"),
        (["end"], "response_actions[0] is a string; it must be an object with an action"),
        ([{"status_code": 403}], "response_actions[0].action is missing; this response_actions[0] needs it"),
        ([{"action": "end"}], "response_actions[0] would be for every answer; set status_code, content or when"),
        (
            [{"action": "stop", "status_code": 403}],
            "response_actions[0].action must be one of ignore, retry, rate_limited, fail, end",
        ),
        (
            [{"action": "end", "status_code": 404}, {"action": "end", "status_code": "403"}],
            "response_actions[1].status_code must be a whole number from 200 to 599",
        ),
        ([{"action": "end", "content": ""}], "response_actions[0].content is empty; it must be a string"),
        (
            [{"action": "end", "status": 403}],
            "response_actions[0].status is not a field of response_actions[0]; did you mean "
            "response_actions[0].status_code? It has action, status_code, content, when",
        ),
    ],
    ids=repr,
)
def test_a_wrong_action_is_refused_with_the_field_and_what_is_allowed(actions, said):
    assert refusal(actions) == said


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("ok == false", "has the bare word false, which names a field"),
        ("ok == True", "has the bare word True, which names a field"),
        ("null != next", "has the bare word null, which names a field"),
        ('error == "ratelimited"', "compares with a text in double quotes, which names a field"),
        ("code == 0", "is not a JMESPath expression: "),
        ("ok ==", "is not a JMESPath expression: "),
        ("lower(error) == 'x'", "is not a JMESPath expression: "),
        ("contains(error)", "is not a JMESPath expression: "),
    ],
)
def test_a_condition_that_reads_like_something_else_is_refused(expression, said):
    message = refusal([{"action": "end", "when": expression}])

    assert message.startswith(f"response_actions[0].when {said}")
    assert "(" in expression or message.endswith(
        "literals stand in backticks, as in ok == `false`, and texts in single quotes"
    )


@pytest.mark.parametrize(
    "expression",
    ["ok == `false`", "page == total_pages", "meta.null", '"true"', "error == 'false'", "length(items) == `0`", "!ok"],
)
def test_a_condition_is_kept_as_it_is_written(expression):
    spec = parse_job_spec({"url": URL, "response_actions": [{"action": "end", "when": expression}]})

    assert spec.response_actions == (ResponseAction(Action.END, when=expression),)


def test_actions_are_stored_as_they_are_written_and_read_back():
    written = [{"action": "ignore", "status_code": 403, "content": "archived"}, {"action": "fail", "when": "!ok"}]
    spec = parse_job_spec({"url": URL, "response_actions": written})

    stored = write_stored(spec)

    assert read_stored(stored) == spec
    assert '"response_actions"' not in write_stored(JobSpec(URL))
