from typing import Any

import pytest

from poller_local import render
from poller_local.proof import proof_in_words
from tests.support.fake_api import PARTIAL, SUCCEEDED

SHOWN = {
    "End": "seen", "EndSaid": "404", "Distinct": 10_000, "Repeated": 0, "Key": ["id"], "Moved": False, "Mended": 0,
}  # fmt: skip


def with_proof(job: dict[str, Any] = SUCCEEDED, **changed: Any) -> dict[str, Any]:
    return {**job, "Proof": {**SHOWN, **changed}}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "complete: end seen, 10,000 distinct by id, nothing moved"),
        ({"Mended": 2}, "complete: end seen, 10,000 distinct by id, nothing moved, 2 mended"),
        ({"Key": None}, "complete: end seen, 10,000 distinct, nothing moved"),
        ({"Key": ["a", "b"]}, "complete: end seen, 10,000 distinct by a and b, nothing moved"),
        ({"End": "not asked"}, "end not asked for, 10,000 distinct by id, nothing moved"),
        (
            {"End": "refused", "EndSaid": "403: no\ndeeper"},
            "end refused (403: no deeper), 10,000 distinct by id, nothing moved",
        ),
        ({"Repeated": 3}, "end seen, 10,000 distinct by id, 3 repeated, nothing moved"),
        ({"Moved": True}, "end seen, 10,000 distinct by id, the API changed meanwhile"),
        ({"Moved": None}, "end seen, 10,000 distinct by id, not looked whether anything moved"),
    ],
)
def test_a_proof_is_one_sentence(changed: dict[str, Any], sentence: str):
    assert proof_in_words(with_proof(**changed)) == sentence


def test_nothing_but_a_success_is_called_complete():
    assert proof_in_words(with_proof(PARTIAL)) == "end seen, 10,000 distinct by id, nothing moved"


@pytest.mark.parametrize("job", [SUCCEEDED, {**SUCCEEDED, "Proof": None}])
def test_there_may_be_no_proof(job: dict[str, Any]):
    assert proof_in_words(job) is None
    assert "Proof" not in [label for label, _value, _style in render.summary_lines(job)]


@pytest.mark.parametrize(("changed", "style"), [({}, "green"), ({"Moved": True}, "yellow")])
def test_what_is_shown_in_full_is_green(changed: dict[str, Any], style: str):
    lines = render.summary_lines(with_proof(**changed))

    assert [shown for label, _value, shown in lines if label == "Proof"] == [style]
