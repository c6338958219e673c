"""Who subscribes to AlarmTopic is told of a job that did not bring everything, and of nothing else."""

import json
import time
from typing import Any

from tests.support.local_stack import LocalStack
from tests.support.partner import Partner, serving

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


def told(stack: LocalStack, url: str, about: str, seconds: float = 120) -> dict[str, Any]:
    """The message about a job; fails when another job is told of, or none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in stack.aws("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            notice = json.loads(json.loads(message["Body"])["Message"])
            assert notice["JobId"] == about
            return dict(notice)
    raise AssertionError(f"nothing about {about} in {seconds} s")


def test_jobs_in_trouble_are_told_with_their_reason_and_others_are_not(stack: LocalStack) -> None:
    url = subscribed_queue(stack)
    with serving(Partner(total=30)) as partner, stack.client() as client:
        spec = {"url": partner.url, "paginator": PAGINATOR, "client_token": "alarms"}
        good = client.wait(client.submit(spec), timeout=60)
        repeated = client.wait(client.submit(spec), timeout=60)
        partner.refuses_page_from = 20
        bad = client.wait(client.submit({"url": partner.url, "name": "orders", "paginator": PAGINATOR}), timeout=60)
    notice = told(stack, url, bad["JobId"])
    with stack.client() as client:
        rejected = client.wait(client.submit({"url": "https://api.example.com", "limti": 1}), timeout=60)

    rejection = told(stack, url, rejected["JobId"])

    assert (good["Status"], bad["Status"]) == ("SUCCEEDED", "PARTIAL")
    assert (repeated["Status"], repeated["DuplicateOf"]) == ("REJECTED", good["JobId"])
    assert (notice["Status"], notice["Name"], notice["Error"]) == ("PARTIAL", "orders", bad["Error"])
    assert (notice["RecordsReceived"], notice["RecordsExpected"]) == (20, 30)
    assert (rejection["Status"], rejection["Error"]) == ("REJECTED", rejected["Error"])
