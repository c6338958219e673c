"""Everything that a deployed stack can be brought to do, so that every permission it has is used.

Where the way is long (a job near its 500th round, a lost execution), the state before the last step is set by
hand, as the root user, and the rest happens by itself.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from poller_local.errors import JobNotFound
from tests.support.emulator import eventually
from tests.support.local_stack import LocalStack
from tests.support.oauth_server import OAuthServer, giving_tokens
from tests.support.partner import Partner, serving
from tests.support.stacks import stack_resources

SPEC = {"paginator": {"type": "offset", "limit": 1}, "max_concurrency": 1}
RECORDS = 96  # in pages of one, 32 a task
SECONDS = 60  # that a step may take on a busy machine


class Paths:
    """The paths through one stack. `partner` answers with what makes three tasks."""

    def __init__(self, stack: LocalStack, partner: Partner) -> None:
        self.stack, self.partner, self.client = stack, partner, stack.client()
        found = stack_resources(stack.aws("cloudformation"), "poller")
        self.ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    def drive(self) -> None:
        """All of them. Each asserts that it got where it was going."""
        self.a_source_is_saved_and_steered()
        self.a_job_is_done_and_looked_at()
        self.a_job_has_a_secret()
        self.a_job_has_tokens()
        self.a_preview_has_tokens()
        self.pages_are_refused()
        self.a_request_is_too_large()
        self.an_event_leaves_out_its_input()
        with self.nobody_consuming():
            self.a_message_is_given_up()
            self.a_split_job_is_cancelled()
            self.records_are_gone_before_they_are_looked_at()
            held = self.a_job_loses_raw_pages_and_goes_on_in_a_fresh_execution()
            lost = self.a_job_loses_its_execution()
            self.the_janitor_is_due(lost)
        self.what_was_held_is_redriven(held)
        self.a_source_is_due_and_deleted()
        self.functions_cannot_start("Janitor", "ReconcileJob", "StartSourceRun")

    def submit(self, **more: Any) -> str:
        return self.client.submit({"url": self.partner.url, **SPEC, **more})

    def ended(self, job_id: str, seconds: float = 60) -> Any:
        return self.client.wait(job_id, timeout=seconds)

    def a_job_is_done_and_looked_at(self) -> None:
        job_id = self.submit()
        assert self.ended(job_id)["Status"] == "SUCCEEDED"
        assert job_id in [job["JobId"] for job in self.client.jobs(most=5)]
        assert len(list(self.client.tasks(job_id))) == len(list(self.client.results(job_id))) == 3
        assert self.ended(self.submit(output="csv"))["Status"] == "SUCCEEDED"
        assert requests.get(self.stack.described["external_api_url"] + "/payload", timeout=30).status_code in (200, 500)

    def a_source_is_saved_and_steered(self) -> None:
        """Saved with and without a schedule, which is lost once. Its first call is due a minute after this."""
        sources, definition = self.client.sources, {"spec": {"url": self.partner.url, **SPEC}}
        sources.put("paths", definition)
        assert self.ended(sources.run("paths", {}))["Status"] == "SUCCEEDED"
        sources.put("paths", {**definition, "schedule": "rate(1 day)"})
        sources.change("paths", paused=True)
        self.stack.aws("scheduler").delete_schedule(GroupName=self.ids["SourceSchedules"], Name="paths")
        sources.change("paths", paused=False)
        sources.put("paths", {**definition, "schedule": "rate(1 minute)"})
        assert [source["Name"] for source in sources.all()] == ["paths"]
        assert len(sources.source("paths")["Runs"]) == 1

    def a_source_is_due_and_deleted(self) -> None:
        def due() -> Any:
            return next((run for run in self.client.sources.source("paths")["Runs"] if run["DueAt"]), None)

        run = eventually(due, 120)
        self.client.sources.delete("paths")
        assert self.ended(run["JobId"])["Source"]["Name"] == "paths"
        assert self.stack.aws("scheduler").list_schedules(GroupName=self.ids["SourceSchedules"])["Schedules"] == []

    def a_job_has_a_secret(self) -> None:
        origin = self.partner.url.removesuffix("/orders")
        text = json.dumps({"value": "0123456789abcdef", "allowed_origins": [origin]})
        self.stack.aws("secretsmanager").create_secret(Name="poller/secrets/paths-token", SecretString=text)
        job = self.ended(self.submit(auth={"type": "bearer", "secret": "paths-token"}))
        assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", RECORDS)

    def a_job_has_tokens(self) -> None:
        """Which run out at once, so that each step gets one anew, and the second job finds the first one's."""
        origin = self.partner.url.removesuffix("/orders")
        with giving_tokens(OAuthServer(expires_in=0.01)) as server:
            text = json.dumps({"value": server.secret, "allowed_origins": [origin, server.origin]})
            self.stack.aws("secretsmanager").create_secret(Name="poller/secrets/paths-client", SecretString=text)
            auth = {"type": "oauth2_client_credentials", "secret": "paths-client", "token_url": server.url}
            jobs = [self.ended(self.submit(auth=auth)) for _ in range(2)]
        assert [(job["Status"], job["RecordsReceived"]) for job in jobs] == [("SUCCEEDED", RECORDS)] * 2

    def a_preview_has_tokens(self) -> None:
        """One that the first gets and keeps, and the second reads."""
        origin = self.partner.url.removesuffix("/orders")
        with giving_tokens(OAuthServer()) as server:
            text = json.dumps({"value": server.secret, "allowed_origins": [origin, server.origin]})
            self.stack.aws("secretsmanager").create_secret(Name="poller/secrets/paths-preview", SecretString=text)
            auth = {"type": "oauth2_client_credentials", "secret": "paths-preview", "token_url": server.url}
            found = [self.client.preview({"url": self.partner.url, **SPEC, "auth": auth}) for _ in range(2)]
        assert [one["RecordsExpected"] for one in found] == [RECORDS] * 2

    def pages_are_refused(self) -> None:
        self.partner.refuses_page_from = 20
        assert self.ended(self.submit())["Status"] == "PARTIAL"
        assert self.ended(self.submit(tolerated_failure_percentage=0))["Status"] == "FAILED"
        self.partner.refuses_page_from = 0
        rejected = self.ended(self.submit())
        assert rejected["Status"] == "REJECTED"
        assert list(self.client.results(rejected["JobId"])) == []  # its manifest is looked for and not there
        self.partner.refuses_page_from = None

    def a_request_is_too_large(self) -> None:
        """And is delivered twice to the function that records it."""
        job = self.ended(self.submit(headers={"x": "x" * 300_000}))
        assert job["Status"] == "REJECTED"
        body = json.dumps({"id": job["JobId"], "time": job["StartedAt"]})
        assert self.consume("RecordUndeliveredJob", body, {}) == {"batchItemFailures": []}

    def an_event_leaves_out_its_input(self) -> None:
        """As AWS does with a long one: ReconcileJob asks the execution."""
        job = self.ended(self.submit())
        detail = {"executionArn": job["ExecutionArn"], "status": "FAILED", "inputDetails": {"included": False}}
        payload = json.dumps({"source": "aws.states", "detail": detail})
        answer = self.stack.aws("lambda").invoke(FunctionName=self.ids["ReconcileJob"], Payload=payload)
        assert json.loads(answer["Payload"].read())["Summary"] == job

    def a_message_is_given_up(self) -> None:
        """Moved to the dead-letter queue by hand: five deliveries take an hour."""
        job_id, _ = self.queued()
        sqs, source, target = (
            self.stack.aws("sqs"),
            *map(self.stack.output, ("ProcessPayloadQueue", "ProcessPayloadDLQ")),
        )
        (message,) = sqs.receive_message(QueueUrl=source, MessageAttributeNames=["All"], WaitTimeSeconds=5)["Messages"]
        attributes = {
            name: {key: given[key] for key in ("DataType", "StringValue")}
            for name, given in message["MessageAttributes"].items()
        }
        sqs.send_message(QueueUrl=target, MessageBody=message["Body"], MessageAttributes=attributes)
        sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
        eventually(lambda: self.client.job(job_id)["FailedToComplete"] == 1, SECONDS)
        self.client.cancel(job_id)
        assert self.ended(job_id)["Status"] == "CANCELLED"

    def a_split_job_is_cancelled(self) -> None:
        """What was planned for its partitions is read where the first round found it."""
        parts = {"type": "list", "name": "part", "values": ["a", "b"]}
        job_id = self.submit(params={"part": "{part}"}, partitions=[parts])
        eventually(lambda: self.enqueued(job_id) > 1, SECONDS)
        self.client.cancel(job_id)
        assert self.ended(job_id)["Status"] == "CANCELLED"

    def records_are_gone_before_they_are_looked_at(self) -> None:
        """Fingerprints, and the dataset's object that they could be made from again."""
        job_id, _ = self.queued()
        first, *others = (task["TaskId"] for task in self.client.tasks(job_id))
        self.process(job_id, first)
        s3 = self.stack.aws("s3")
        for bucket in map(self.stack.output, ("RawPayloadBucket", "DatasetBucket")):
            for found in s3.list_objects_v2(Bucket=bucket)["Contents"]:
                if job_id in found["Key"] and found["Key"].startswith(("proof/", "orders/", "default/")):
                    s3.delete_object(Bucket=bucket, Key=found["Key"])
        for task_id in others:
            self.process(job_id, task_id)
        job = self.ended(job_id)
        assert (job["Status"], job["Notice"]["Type"]) == ("SUCCEEDED", "NotShown")

    @contextmanager
    def nobody_consuming(self) -> Iterator[None]:
        """ProcessPayload's queue is not read meanwhile."""
        functions = self.stack.aws("lambda")
        (mapping,) = [
            mapping["UUID"]
            for mapping in functions.list_event_source_mappings()["EventSourceMappings"]
            if "ProcessPayloadQueue" in mapping["EventSourceArn"]
        ]
        functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        try:
            yield
        finally:
            functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    def queued(self) -> tuple[str, str]:
        """A job all of whose tasks wait in the queue, and the id of one of them."""
        job_id = self.submit()
        eventually(lambda: self.enqueued(job_id) == 3, SECONDS)
        return job_id, next(self.client.tasks(job_id))["TaskId"]

    def enqueued(self, job_id: str) -> int:
        try:
            return self.client.job(job_id)["Enqueued"]
        except JobNotFound:
            return 0  # not yet

    def process(self, job_id: str, task_id: str) -> Any:
        body = json.dumps({"JobId": job_id, "TaskId": task_id})
        return self.consume("ProcessPayload", body, {"jobId": job_id, "taskId": task_id})

    def consume(self, function: str, body: str, attributes: dict[str, str]) -> Any:
        """Call a function with one message of its queue; answers whether it is to come again."""
        record = {
            "messageId": "1",
            "eventSource": "aws:sqs",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {k: {"dataType": "String", "stringValue": v} for k, v in attributes.items()},
        }
        name, payload = self.ids[function], json.dumps({"Records": [record]})
        return json.loads(self.stack.aws("lambda").invoke(FunctionName=name, Payload=payload)["Payload"].read())

    def a_job_loses_raw_pages_and_goes_on_in_a_fresh_execution(self) -> str:
        job_id, task_id = self.queued()
        self.lose_raw_pages(job_id, task_id)
        assert self.process(job_id, task_id)["batchItemFailures"]
        first = self.client.job(job_id)["ExecutionArn"]

        def handed_over() -> bool:
            self.set(job_id, Visits={"N": "500"})  # again: a look that was under way writes its own number
            return bool(self.client.job(job_id)["ExecutionArn"] != first)

        eventually(handed_over, SECONDS)
        self.client.cancel(job_id)
        assert self.ended(job_id)["Status"] == "CANCELLED"
        return job_id

    def lose_raw_pages(self, job_id: str, task_id: str) -> None:
        s3, bucket = self.stack.aws("s3"), self.stack.output("RawPayloadBucket")
        (found,) = s3.list_objects_v2(Bucket=bucket, Prefix=f"raw/{job_id}/{task_id}.")["Contents"]
        s3.delete_object(Bucket=bucket, Key=found["Key"])

    def a_job_loses_its_execution(self) -> str:
        job_id, task_id = self.queued()
        assert self.process(job_id, task_id) == {"batchItemFailures": []}
        self.a_part_is_kept_and_lost(job_id)
        gone = self.client.job(job_id)["ExecutionArn"].rpartition(":")[0] + ":gone"
        hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        self.set(job_id, ExecutionArn={"S": gone}, HandedOverAt={"S": hour_ago})
        return job_id

    def a_part_is_kept_and_lost(self, job_id: str) -> None:
        """Of a task of three pages that no plan has, so that nobody else fetches it."""
        task = {"TaskId": "t00000099", "FirstPage": 0, "Pages": 3}
        payload = json.dumps({"JobId": job_id, "Task": task})

        def fetched() -> str:
            answer = self.stack.aws("lambda").invoke(FunctionName=self.ids["FetchPayload"], Payload=payload)
            return str(json.loads(answer["Payload"].read())["State"])

        self.partner.requests.clear()
        self.partner.pause_once = 60  # the second page asks for it
        assert [fetched(), fetched()] == ["SKIPPED", "SKIPPED"]
        assert len(self.partner.requests) == 2
        self.lose_raw_pages(job_id, task["TaskId"])

        def after_the_pause() -> bool:
            self.set(job_id, NotBefore={"N": "0"})  # again: a look that was under way writes its own number
            return fetched() == "ENQUEUED"

        eventually(after_the_pause, SECONDS)
        assert [query["offset"] for query in self.partner.requests[2:]] == ["0", "1", "2"]

    def the_janitor_is_due(self, lost: str) -> None:
        """By its own schedule, made as frequent as can be: the first call is due a minute after the stack was made."""
        scheduler = self.stack.aws("scheduler")
        (name,) = [s["Name"] for s in scheduler.list_schedules()["Schedules"] if "Janitor" in s["Target"]["Arn"]]
        schedule = scheduler.get_schedule(Name=name)
        kept = {key: schedule[key] for key in ("Name", "FlexibleTimeWindow", "Target", "ScheduleExpression")}
        scheduler.update_schedule(**kept | {"ScheduleExpression": "rate(1 minute)"})
        assert self.ended(lost, 120)["Error"]["Type"] == "ExecutionEnded"
        scheduler.update_schedule(**kept)

    def what_was_held_is_redriven(self, job_id: str) -> None:
        assert self.client.redrive_plan(job_id)["Tasks"] > 0
        self.client.redrive(job_id)
        job = self.ended(job_id)
        assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", RECORDS)

    def functions_cannot_start(self, *names: str) -> None:
        """Called as events call: what fails for good is kept."""
        functions, sqs, url = self.stack.aws("lambda"), self.stack.aws("sqs"), self.ids["ExecutionEndedDLQ"]
        handlers = {}
        for function in (self.ids[name] for name in names):
            handlers[function] = functions.get_function_configuration(FunctionName=function)["Handler"]
            functions.update_function_configuration(FunctionName=function, Handler="poller.handlers.none.handler")
            functions.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
        for function, handler in handlers.items():
            (message,) = eventually(
                lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), SECONDS
            )
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            functions.update_function_configuration(FunctionName=function, Handler=handler)

    def set(self, job_id: str, **attributes: dict[str, str]) -> None:
        """Change the job's row."""
        self.stack.aws("dynamodb").update_item(
            TableName=self.stack.output("PollerTasksTable"),
            Key={"JobId": {"S": job_id}, "TaskId": {"S": "#JOB"}},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in attributes),
            ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
        )


def drive_every_path(stack: LocalStack) -> None:
    with serving(Partner(total=RECORDS, cap=1)) as partner:
        Paths(stack, partner).drive()
