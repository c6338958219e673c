"""The bill of a million pages, worked out by hand for round figures."""

import json

import pytest
from benchmarks.calls import count
from benchmarks.cost_model import Work, bill, proof_of, units

WORK = Work(
    latency_seconds=0.2,
    fetch_cpu_seconds=0,
    process_cpu_seconds=0.001,
    pages_per_task=100,
    threads=8,
    fetch_memory_gb=1,
    process_memory_gb=1,
    call_seconds=0,
)
NOTHING: dict[str, dict[str, float]] = {"fetch": {}, "process": {}, "workflow": {}}


def decision(role: str, action: str, calls: int, resource: str = "*", allowed: bool = True) -> str:
    return json.dumps({"role": role, "action": action, "resource": resource, "allowed": allowed, "count": calls})


def test_a_task_takes_whole_rounds_of_requests_and_its_share_of_a_processor() -> None:
    assert WORK.fetch_seconds == pytest.approx(13 * 0.2)
    assert WORK.process_seconds == pytest.approx(100 * 0.001 * 1.769)


def test_tasks_cost_a_transition_a_child_and_their_functions_time() -> None:
    dollars = bill(1_000_000, NOTHING, {}, 0, WORK)

    assert dollars["standard transitions"] == pytest.approx(10_000 * 25e-6)
    assert dollars["express requests"] == pytest.approx(0.01)
    assert dollars["express GB-seconds"] == pytest.approx(10_000 * 2.6 * 0.0625 * 16.67e-6)
    assert dollars["lambda GB-seconds"] == pytest.approx(10_000 * (2.6 + 0.1769) * 13.3334e-6)


def test_a_call_of_each_task_is_billed_for_each_task_and_one_of_the_job_once() -> None:
    transaction = {"dynamodb:PutItem": 1, "dynamodb:UpdateItem": 1}

    dollars = bill(1_000_000, NOTHING | {"fetch": transaction}, {"s3:PutObject": 3}, 5, WORK)

    assert dollars["dynamodb write units"] == pytest.approx(10_000 * 4 * 0.625e-6)
    assert dollars["s3 puts"] == pytest.approx(3 * 5e-6)
    assert dollars["standard transitions"] == pytest.approx(10_005 * 25e-6)


def test_calls_take_time_too() -> None:
    slow = Work(**{**WORK.__dict__, "call_seconds": 0.1})

    plain, longer = (bill(100, NOTHING | {"fetch": {"s3:PutObject": 2}}, {}, 0, work) for work in (WORK, slow))

    assert longer["lambda GB-seconds"] - plain["lambda GB-seconds"] == pytest.approx((0.2 + 0.1 / 8) * 13.3334e-6)


PROOF = Work(
    **{
        **WORK.__dict__,
        "call_seconds": 0.08,
        "records_per_page": 10,
        "fingerprint_cpu_seconds": 1e-6,
        "check_cpu_seconds": 2e-6,
        "check_memory_gb": 1.769,
        "kept_days": 15.2,
    }
)


def test_the_check_reads_what_was_kept_of_each_task_and_takes_its_time() -> None:
    without = Work(**{**WORK.__dict__, "call_seconds": 0.08})

    dollars, rest = (bill(1_000_000, NOTHING, {}, 0, work) for work in (PROOF, without))

    assert dollars["s3 gets"] == rest["s3 gets"] == pytest.approx(10_000 * 0.4e-6)
    assert dollars["s3 GB-months"] == pytest.approx(0.08 / 2 * 0.023)
    looked = 10_000_000 * 2e-6 * 1.769 + 10_000 * 0.01 * (1.769 - 1)  # and eight calls at a time
    assert dollars["lambda GB-seconds"] - rest["lambda GB-seconds"] == pytest.approx(looked * 13.3334e-6)


def test_a_slow_function_takes_longer_to_look() -> None:
    quarter = Work(**{**PROOF.__dict__, "check_memory_gb": 1.769 / 4, "call_seconds": 0})
    whole = Work(**{**PROOF.__dict__, "call_seconds": 0})

    slow, fast = (proof_of(1_000_000, work)["lambda GB-seconds"] for work in (quarter, whole))

    assert slow == pytest.approx(fast)


def test_the_proof_is_made_put_kept_read_and_looked_at() -> None:
    dollars = proof_of(1_000_000, PROOF)

    made = 10_000_000 * 1e-6 * 1.769 + 10_000 * 0.08
    looked = (10_000_000 * 2e-6 + 10_000 * 0.01) * 1.769
    assert dollars == {
        "s3 puts": pytest.approx(0.05),
        "s3 gets": pytest.approx(0.004),
        "s3 GB-months": pytest.approx(0.00092),
        "lambda GB-seconds": pytest.approx((made + looked) * 13.3334e-6),
    }


def test_a_job_reads_nine_rows_and_deletes_for_nothing() -> None:
    assert units({"dynamodb:BatchGetItem": 2, "s3:DeleteObject": 7}) == {"dynamodb read units": 18}


def test_an_action_without_a_price_is_not_free() -> None:
    with pytest.raises(KeyError, match="kms:Decrypt"):
        units({"kms:Decrypt": 1})


def test_calls_are_sorted_by_who_makes_them() -> None:
    lines = [
        decision("poller-FetchPayloadRole-1A2B", "s3:PutObject", 3),
        decision("poller-FetchPayloadRole-1A2B", "s3:PutObject", 1),
        decision("poller-ProcessPayloadRole-1A2B", "sqs:ReceiveMessage", 2),
        decision("poller-PollerWorkflowRole-1A2B", "states:StartExecution", 4),
        decision("poller-PollerWorkflowRole-1A2B", "lambda:InvokeFunction", 4, "arn:…:poller-FetchPayload-3C"),
        decision("poller-PollerWorkflowRole-1A2B", "lambda:InvokeFunction", 1, "arn:…:poller-ReconcileJob-3C"),
        decision("poller-ReconcileJobRole-1A2B", "dynamodb:Query", 8),
        decision("poller-GetJobRole-1A2B", "dynamodb:BatchGetItem", 50),
        decision("apigateway.amazonaws.com", "lambda:InvokeFunction", 50),
    ]

    calls = count(lines, tasks=4)

    assert calls.task == {
        "fetch": {"s3:PutObject": 1},
        "process": {"sqs:ReceiveMessage": 0.5, "lambda:InvokeFunction": 0.5},
        "workflow": {"states:StartExecution": 1, "lambda:InvokeFunction": 1},
    }
    assert calls.job == {"lambda:InvokeFunction": 1, "dynamodb:Query": 8}


def test_a_denied_call_spoils_the_count() -> None:
    with pytest.raises(AssertionError, match="denied"):
        count([decision("poller-FetchPayloadRole-1A2B", "s3:PutObject", 1, allowed=False)], tasks=1)
