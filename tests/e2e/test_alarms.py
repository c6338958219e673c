"""Who subscribes to AlarmTopic is told of a job that did not bring everything, and of nothing else."""

import json
import time
from typing import Any

from tests.integration.partner import Partner, serving
from tests.support.local_stack import LocalStack

PAGINATOR = {"type": "offset", "limit": 10}


def subscribed_queue(stack: LocalStack) -> str:
    sqs = stack.aws("sqs")
    url = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    stack.aws("sns").subscribe(TopicArn=stack.output("AlarmTopic"), Protocol="sqs", Endpoint=arn)
    return str(url)


def told(stack: LocalStack, url: str, about: str, seconds: float = 30) -> dict[str, Any]:
    """The message about a job; fails when another job is told of, or none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in stack.aws("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            notice = json.loads(json.loads(message["Body"])["Message"])
            assert notice["JobId"] == about
            return dict(notice)
    raise AssertionError(f"nothing about {about} in {seconds} s")


def test_a_partial_job_is_told_with_its_reason_and_a_good_one_is_not(stack: LocalStack) -> None:
    url = subscribed_queue(stack)
    with serving(Partner(total=30)) as partner, stack.client() as client:
        good = client.wait(client.submit({"url": partner.url, "paginator": PAGINATOR}), timeout=60)
        partner.refuses_page_from = 20
        bad = client.wait(client.submit({"url": partner.url, "name": "orders", "paginator": PAGINATOR}), timeout=60)

    notice = told(stack, url, bad["JobId"])

    assert (good["Status"], bad["Status"]) == ("SUCCEEDED", "PARTIAL")
    assert (notice["Status"], notice["Name"], notice["Error"]) == ("PARTIAL", "orders", bad["Error"])
    assert (notice["RecordsReceived"], notice["RecordsExpected"]) == (20, 30)
