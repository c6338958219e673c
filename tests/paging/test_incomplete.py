import pytest

from poller.paging.envelope import Envelope
from tests.support.builders import page

ROWS = {"rows": [1, 2]}


@pytest.mark.parametrize(
    ("body", "sign"),
    [
        ({**ROWS, "incomplete_results": True}, "incomplete_results"),
        ({**ROWS, "timed_out": True}, "timed_out"),
        ({**ROWS, "meta": {"isPartial": True}}, "meta.isPartial"),
        ({**ROWS, "partial": "true"}, "partial"),
        ({**ROWS, "partialResults": True}, "partialResults"),
        ({**ROWS, "terminated_early": True}, "terminated_early"),
        ({**ROWS, "_shards": {"total": 5, "successful": 3, "failed": 2}}, "_shards.failed = 2"),
        ({**ROWS, "clusters": {"total": 5, "failed": 1}}, "clusters.failed = 1"),
        ({**ROWS, "nodes": {"successful": 4, "failed": 1}}, "nodes.failed = 1"),
        ({**ROWS, "status": "partial_success"}, "status"),
        ({"rows": [], "errors": [{"message": "shard 3 timed out"}]}, "errors, and no records"),
        ({"rows": [], "error": "denied"}, "errors, and no records"),
    ],
)
def test_an_answer_may_say_that_it_is_not_whole(body, sign):
    answer = Envelope(page(body, "rows"))

    assert answer.incomplete == [sign]


@pytest.mark.parametrize(
    "body",
    [
        {**ROWS, "incomplete_results": False, "timed_out": False, "partial": None},
        {**ROWS, "_shards": {"total": 5, "successful": 5, "failed": 0}},
        {**ROWS, "job": {"failed": 2}},
        {**ROWS, "errors": [{"message": "deprecated"}], "warnings": ["slow"]},
        {"rows": [], "errors": [], "error": None, "warnings": ["slow"]},
        {"rows": [], "error": "none"},
        {**ROWS, "timeout": 30, "partition": "a", "status": "ok", "name": "partial"},
        {"rows": [{"partial": True}, {"timed_out": True}]},
    ],
)
def test_an_answer_that_does_not_say_so_is_whole(body):
    answer = Envelope(page(body, "rows"))

    assert answer.incomplete == []
