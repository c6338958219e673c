"""The local stack itself: what `up` and `down` promise, and what the deployed stack is made of."""

import json
import time

import pytest

from tests.support.local_stack import LocalStack
from tests.support.partner import Partner, serving
from tests.support.stacks import stack_resources
from tests.support.template import all_resources


def test_up_twice_is_harmless_and_quick(stack: LocalStack) -> None:
    before = dict(stack.described)

    stack.up()

    assert stack.described == before


def test_another_checkout_cannot_take_the_port(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.support.local_stack import copy_tree

    other = LocalStack(copy_tree(tmp_path_factory.mktemp("other")), stack.port)

    done = other.run("up", "--port", str(stack.port), check=False)

    assert done.returncode == 1
    assert f"Port {stack.port} is taken" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_every_resource_of_the_template_is_deployed(stack: LocalStack) -> None:
    deployed = {resource["LogicalResourceId"] for resource in stack_resources(stack.aws("cloudformation"), "poller")}

    # Of the conditions, only this one holds on a laptop: no key, no network and no address for alarms is given.
    expected = {name for name, body in all_resources().items() if body.get("Condition", "HasDemoApi") == "HasDemoApi"}
    assert expected <= deployed
    assert not deployed & (set(all_resources()) - expected)


def test_the_archive_keeps_job_requests_only(stack: LocalStack) -> None:
    events = stack.aws("events")
    bus = events.describe_event_bus(Name=stack.output("PollerTasksEventBus"))["Arn"]

    (archive,) = events.list_archives(EventSourceArn=bus)["Archives"]

    before = archive["EventCount"]
    with serving(Partner(total=5)) as partner, stack.client() as client:
        client.wait(client.submit({"url": partner.url}), timeout=120)
    (archive,) = events.list_archives(EventSourceArn=bus)["Archives"]
    assert archive["EventCount"] == before + 1


def test_the_maps_own_results_are_written_to_the_bucket(stack: LocalStack) -> None:
    with serving(Partner(total=25)) as partner, stack.client() as client:
        job = client.wait(client.submit({"url": partner.url}), timeout=120)

    keys = [
        item["Key"]
        for item in stack.aws("s3").list_objects_v2(
            Bucket=stack.output("RawPayloadBucket"), Prefix=f"map-results/{job['JobId']}/"
        )["Contents"]
    ]

    assert any(key.endswith("manifest.json") for key in keys)


def test_a_job_that_ends_is_announced_on_the_bus(stack: LocalStack) -> None:
    sqs, events, bus = stack.aws("sqs"), stack.aws("events"), stack.output("PollerTasksEventBus")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    to_us = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**to_us, "Resource": arn}]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    events.put_rule(
        Name="listener", EventBusName=bus, EventPattern=json.dumps({"detail-type": ["Poller Job State Change"]})
    )
    events.put_targets(Rule="listener", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])

    with stack.client() as client:
        job = client.wait(client.submit({"url": "ftp://wrong"}), timeout=120)

    deadline = time.monotonic() + 120
    seen: list[dict[str, str]] = []
    while time.monotonic() < deadline and not any(event["JobId"] == job["JobId"] for event in seen):
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            seen.append(json.loads(message["Body"])["detail"])
    events.remove_targets(Rule="listener", EventBusName=bus, Ids=["1"])
    assert [event["Status"] for event in seen if event["JobId"] == job["JobId"]] == ["REJECTED"]


def test_state_survives_down_and_up(stack: LocalStack) -> None:
    with serving(Partner(total=25)) as partner, stack.client() as client:
        job = client.wait(client.submit({"url": partner.url, "name": "kept"}), timeout=120)

    stack.run("down")
    refused = stack.run("status", job["JobId"], check=False)
    stack.up()

    assert refused.returncode == 1
    assert "poller up" in refused.stderr
    with serving(Partner(total=25)) as partner, stack.client() as client:
        assert client.job(job["JobId"]) == job
        assert client.wait(client.submit({"url": partner.url}), timeout=120)["Status"] == "SUCCEEDED"
