"""The workflow and the template say the same as the handlers expect."""

from tests.support.asl import ASL
from tests.support.template import functions, resources


def test_a_map_that_fails_as_a_whole_leads_on_to_the_reconciliation():
    caught = ASL["States"]["FetchPages"].get("Catch")

    assert caught == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.Failure", "Next": "ReconcileJob"}]


def test_a_first_step_that_fails_for_good_leads_on_to_the_reconciliation():
    caught = ASL["States"]["PreparePollerJob"].get("Catch")

    # The input may fill the 256 KiB by itself: the error takes its place, or the execution would end uncatchably.
    assert caught == [{"ErrorEquals": ["States.ALL"], "Next": "NotPrepared"}]
    not_prepared = ASL["States"]["NotPrepared"]
    assert not_prepared["Parameters"] == {"JobId.$": "$$.Execution.Input.id", "Failure.$": "$"}
    assert not_prepared["Next"] == "ReconcileJob"


def test_the_step_that_alone_ends_a_job_is_tried_again_whatever_it_met():
    (retry,) = ASL["States"]["ReconcileJob"]["Retry"]

    assert retry["ErrorEquals"] == ["States.ALL"]
    assert retry["MaxAttempts"] >= 5
    assert retry["JitterStrategy"] == "FULL"


def test_every_consumer_of_a_queue_answers_message_by_message():
    sources = {
        name: event["Properties"]
        for name, body in functions().items()
        for event in body.get("Events", {}).values()
        if event["Type"] == "SQS"
    }

    answers = {name: source.get("FunctionResponseTypes") for name, source in sources.items()}

    assert answers == {
        name: ["ReportBatchItemFailures"]
        for name in ("ProcessPayload", "RecordUndeliveredJob", "RecordUnprocessedTask")
    }


def test_the_consumer_knows_which_delivery_is_the_last():
    queue = resources("AWS::SQS::Queue")["ProcessPayloadQueue"]["Properties"]

    told = functions()["ProcessPayload"]["Environment"]["Variables"]["MAX_RECEIVE_COUNT"]

    assert int(told) == queue["RedrivePolicy"]["maxReceiveCount"]
