"""Queues and who may use them: what SQS and SNS refuse or cut off, and no linter says."""

import pytest

from tests.support.template import as_list, resources, statements

POLICIES = {
    name: (as_list(body["Properties"].get("Queues", body["Properties"].get("Topics"))), statements(body["Properties"]))
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
    for name, body in resources(kind).items()
}
LARGEST_MESSAGE = (
    1024 * 1024
)  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_for_one_queue_or_topic_and_each_statement_for_that_one(name: str) -> None:
    # SetQueueAttributes and SetTopicAttributes refuse a policy with another resource, or with several in a statement.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-overview-of-managing-access.html
    (target,), own = POLICIES[name]

    assert [statement["Resource"] for statement in own] in (
        [target] * len(own),  # the Ref of a topic is its ARN
        [{"Fn::GetAtt": [target["Ref"], "Arn"]}] * len(own),
    )


def test_every_queue_and_topic_has_one_policy() -> None:
    targets = [target["Ref"] for (target,), _ in POLICIES.values()]

    assert sorted(targets) == sorted({**resources("AWS::SQS::Queue"), **resources("AWS::SNS::Topic")})


def test_a_job_request_of_any_size_finds_room_where_it_goes_when_it_cannot_be_delivered() -> None:
    # An event may have nearly 1 MiB; one that its dead-letter queue does not take is lost.
    queues = [
        target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
        for rule in resources("AWS::Events::Rule").values()
        for target in rule["Properties"]["Targets"]
        if "Poller Job Requested" in rule["Properties"]["EventPattern"]["detail-type"]
    ]

    assert queues == ["PollerJobRuleDLQ"]
    assert resources("AWS::SQS::Queue")[queues[0]]["Properties"]["MaximumMessageSize"] == LARGEST_MESSAGE
