"""Each state, integration, target and function has the permission it needs, and no role has another of that kind.

What the functions' own code needs is seen in tests/e2e/test_least_privilege.py, where it runs.
"""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import pytest
import yaml

from tests.support.asl import ASL, states
from tests.support.openapi import FILES, operations, source
from tests.support.template import all_resources, as_list, functions, resources, roles

EXECUTE_API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${%s}/*/%s"
INTEGRATION = "x-amazon-apigateway-integration"
# https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
RESULT_WRITER = ("GetObject", "PutObject", "ListMultipartUploadParts", "AbortMultipartUpload")
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
READING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
KINDS = {"AWS::SNS::Topic": "sns", "AWS::Serverless::StateMachine": "states", "AWS::Serverless::Function": "lambda"}


class Route(NamedTuple):
    api: str
    method: str
    path: str
    integration: dict[str, Any]

    @property
    def function(self) -> str | None:
        """The function that the integration names."""
        uri = self.integration.get("uri", {}).get("Fn::Sub", "")
        found = re.search(r"/functions/\$\{(\w+)\.Arn\}/invocations$", uri)
        return found and found[1]

    @property
    def source(self) -> str:
        """The route as the source of a permission, with a star for each path parameter, as SAM writes it."""
        return EXECUTE_API % (self.api, self.method.upper() + re.sub(r"\{\w+\+?\}", "*", self.path))


ROUTES = [
    Route(api, operation.method, operation.path, operation.body[INTEGRATION])
    for api in FILES
    for operation in operations(yaml.safe_load(source(api).read_text()))
]
# Of functions, by their resource policies.
PERMISSIONS = [body["Properties"] for body in resources("AWS::Lambda::Permission").values()]


def allowed(role: str, *prefixes: str) -> list[tuple[str, str]]:
    """What a role allows: (action, resource as JSON), of the services with these prefixes or of all."""
    return sorted(
        (action, json.dumps(resource))
        for statement in roles()[role]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if not prefixes or action.startswith(prefixes)
    )


def trusted(role: str) -> str:
    """The one service that may assume a role."""
    (statement,) = all_resources()[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], *statement["Principal"]) == ("Allow", "sts:AssumeRole", "Service")
    return str(statement["Principal"]["Service"])


def pairs(*actions_and_resources: tuple[str, Any]) -> list[tuple[str, str]]:
    return sorted((action, json.dumps(resource)) for action, resource in actions_and_resources)


def test_the_workflow_may_invoke_the_functions_of_its_tasks_and_no_others() -> None:
    machine = resources("AWS::Serverless::StateMachine")["PollerWorkflow"]["Properties"]
    tasks = [state for state in states(ASL).values() if state["Type"] == "Task"]
    named = {task["Parameters"]["FunctionName"].strip("${}") for task in tasks}

    assert {task["Resource"] for task in tasks} == {"arn:${Partition}:states:::lambda:invoke"}
    assert machine["Role"] == {"Fn::GetAtt": ["PollerWorkflowRole", "Arn"]}
    assert allowed("PollerWorkflowRole", "lambda:") == pairs(
        *(("lambda:InvokeFunction", machine["DefinitionSubstitutions"][name]) for name in named)
    )


def test_the_workflow_may_read_its_plan_write_its_results_and_start_its_children() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    (distributed,) = [state for state in states(ASL).values() if state["Type"] == "Map"]
    written = {"Fn::Sub": "${RawPayloadBucket.Arn}/map-results/*"}

    assert distributed["ItemReader"]["Resource"] == "arn:${Partition}:states:::s3:getObject"
    assert distributed["ResultWriter"]["Resource"] == "arn:${Partition}:states:::s3:putObject"
    assert distributed["ResultWriter"]["Parameters"]["Bucket"] == "${RawPayloadBucketName}"
    assert "'map-results/{}'" in distributed["ResultWriter"]["Parameters"]["Prefix.$"]
    assert distributed["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert allowed("PollerWorkflowRole", "s3:") == pairs(
        ("s3:GetObject", {"Fn::Sub": "${RawPayloadBucket.Arn}/plans/*"}),
        *((f"s3:{action}", written) for action in RESULT_WRITER),
    )
    assert allowed("PollerWorkflowRole", "states:Start") == pairs(("states:StartExecution", {"Ref": "PollerWorkflow"}))


def test_the_workflow_may_do_nothing_else_but_log_and_trace() -> None:
    services = {action.partition(":")[0] for action, _ in allowed("PollerWorkflowRole")}

    assert services <= {"kms", "lambda", "logs", "s3", "states", "xray"}
    assert trusted("PollerWorkflowRole") == "states.amazonaws.com"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method.upper()} {route.path}")
def test_a_route_may_invoke_its_function_and_nothing_else_may_for_it(route: Route) -> None:
    covering = [
        (permission["FunctionName"], permission["Action"], permission["Principal"])
        for permission in PERMISSIONS
        if permission["SourceArn"] == {"Fn::Sub": route.source}
    ]
    function = [({"Fn::GetAtt": [route.function, "Arn"]}, "lambda:InvokeFunction", "apigateway.amazonaws.com")]

    assert covering == (function if route.function else [])
    assert bool(route.function) != ("integrationSubtype" in route.integration)


def test_no_permission_is_for_what_is_no_route_and_no_rule() -> None:
    sources = {json.dumps({"Fn::Sub": route.source}) for route in ROUTES if route.function}
    sources |= {json.dumps({"Fn::GetAtt": [rule, "Arn"]}) for rule, target in targets() if target == "lambda"}

    assert sorted(json.dumps(permission["SourceArn"]) for permission in PERMISSIONS) == sorted(sources)


def test_the_api_puts_exactly_the_events_of_its_integration() -> None:
    (submit,) = [route.integration for route in ROUTES if "integrationSubtype" in route.integration]
    given = submit["requestParameters"]
    (statement,) = roles()["PollerHttpApiRole"]

    assert submit["integrationSubtype"] == "EventBridge-PutEvents"
    assert submit["credentials"] == {"Fn::GetAtt": ["PollerHttpApiRole", "Arn"]}
    assert trusted("PollerHttpApiRole") == "apigateway.amazonaws.com"
    assert statement["Condition"] == {
        "StringEquals": {"events:source": given["Source"], "events:detail-type": given["DetailType"]}
    }
    bus = given["EventBusName"]["Fn::GetAtt"][0]
    assert allowed("PollerHttpApiRole") == pairs(("events:PutEvents", {"Fn::GetAtt": [bus, "Arn"]}))


def targets() -> Iterator[tuple[str, str]]:
    """Each rule, and the service that its target belongs to."""
    for name, body in resources("AWS::Events::Rule").items():
        (target,) = body["Properties"]["Targets"]
        (referred,) = target["Arn"].values()
        kind = all_resources()[referred[0] if isinstance(referred, list) else referred]["Type"]
        yield name, KINDS[kind]


@pytest.mark.parametrize(("name", "kind"), [*targets()])
def test_a_rule_may_deliver_to_its_target_and_to_its_dead_letter_queue(name: str, kind: str) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    (target,) = resources("AWS::Events::Rule")[name]["Properties"]["Targets"]
    ours = {"Fn::GetAtt": [name, "Arn"]}

    if kind == "states":
        role = target["RoleArn"]["Fn::GetAtt"][0]
        assert trusted(role) == "events.amazonaws.com"
        assert allowed(role) == pairs(("states:StartExecution", target["Arn"]))
    else:
        assert "RoleArn" not in target
    if kind == "lambda":
        assert [p["FunctionName"] for p in PERMISSIONS if p["SourceArn"] == ours] == [target["Arn"]]
    if kind == "sns":
        # EventBridge knows no conditions in a topic's policy: see test_hardening.py.
        assert accepted("AWS::SNS::TopicPolicy", "sns:Publish", target["Arn"]) == [None]
    if "DeadLetterConfig" in target:
        assert accepted("AWS::SQS::QueuePolicy", "sqs:SendMessage", target["DeadLetterConfig"]["Arn"]) == [ours]


def accepted(kind: str, action: str, resource: dict[str, Any]) -> list[Any]:
    """The sources for which a resource's policy lets EventBridge do something; None is any."""
    return [
        statement["Condition"]["ArnEquals"]["aws:SourceArn"] if "Condition" in statement else None
        for body in resources(kind).values()
        for statement in body["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and statement["Principal"] == {"Service": "events.amazonaws.com"}
        if (statement["Action"], statement["Resource"]) == (action, resource)
    ]


def test_a_schedule_may_invoke_its_function_and_do_nothing_else() -> None:
    schedules = [
        (name, event["Properties"])
        for name, function in functions().items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    ]

    assert schedules
    for name, schedule in schedules:
        role = schedule["RoleArn"]["Fn::GetAtt"][0]
        assert trusted(role) == "scheduler.amazonaws.com"
        assert allowed(role) == pairs(("lambda:InvokeFunction", {"Fn::GetAtt": [name, "Arn"]}))


def test_a_sources_schedule_may_start_its_run_and_keep_a_call_that_failed_and_do_nothing_else() -> None:
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
    queue = {"Fn::GetAtt": ["ExecutionEndedDLQ", "Arn"]}

    assert trusted("SourceScheduleRole") == "scheduler.amazonaws.com"
    assert allowed("SourceScheduleRole", "lambda:", "sqs:", "scheduler:", "iam:", "dynamodb:") == pairs(
        ("lambda:InvokeFunction", {"Fn::GetAtt": ["StartSourceRun", "Arn"]}), ("sqs:SendMessage", queue)
    )


def test_who_makes_schedules_makes_them_in_the_stacks_own_group_and_hands_on_one_role_to_one_service() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    group = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${SourceSchedules}/*"
    making = {role: own for role in roles() if (own := allowed(role, "scheduler:"))}
    passing = {role: own for role in roles() if (own := allowed(role, "iam:"))}
    conditions = [s["Condition"] for own in roles().values() for s in own if "iam:PassRole" in as_list(s["Action"])]

    assert {json.loads(resource)["Fn::Sub"] for own in making.values() for _, resource in own} == {group}
    assert set(making) == {"PutSourceRole", "ChangeSourceRole", "DeleteSourceRole"}
    assert allowed("DeleteSourceRole", "scheduler:") == pairs(("scheduler:DeleteSchedule", {"Fn::Sub": group}))
    assert passing == dict.fromkeys(
        ("PutSourceRole", "ChangeSourceRole"),
        pairs(("iam:PassRole", {"Fn::GetAtt": ["SourceScheduleRole", "Arn"]})),
    )
    assert conditions == [{"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}] * 2


@pytest.mark.parametrize("name", functions())
def test_a_function_has_a_role_of_its_own_for_its_own_log_queue_and_dead_letters(name: str) -> None:
    function, role = functions()[name], f"{name}Role"
    queues = [event["Properties"]["Queue"] for event in function.get("Events", {}).values() if event["Type"] == "SQS"]
    needed = [(f"sqs:{action}", queue) for queue in queues for action in READING]
    if "DeadLetterQueue" in function:
        needed.append(("sqs:SendMessage", function["DeadLetterQueue"]["TargetArn"]))
    if "PROCESS_PAYLOAD_QUEUE_URL" in function["Environment"]["Variables"]:
        needed.append(("sqs:SendMessage", {"Fn::GetAtt": ["ProcessPayloadQueue", "Arn"]}))
    log = {"Fn::GetAtt": [f"{name}Logs", "Arn"]}

    assert function["Role"] == {"Fn::GetAtt": [role, "Arn"]}
    assert trusted(role) == "lambda.amazonaws.com"
    assert allowed(role, "sqs:") == pairs(*needed)
    assert allowed(role, "logs:") == pairs(("logs:CreateLogStream", log), ("logs:PutLogEvents", log))
    assert "Policies" not in function, "SAM would make a second role"


def test_the_users_own_key_is_for_every_role_that_meets_what_it_encrypts_and_no_other() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html; and functions' variables
    key = pairs(*((f"kms:{action}", {"Ref": "KmsKeyArn"}) for action in ("Decrypt", "GenerateDataKey")))
    meeting = {role for role in roles() if allowed(role, "dynamodb:", "s3:", "sqs:")}
    meeting |= {f"{name}Role" for name in functions()}

    assert {role: allowed(role, "kms:") for role in roles() if allowed(role, "kms:")} == dict.fromkeys(meeting, key)


def test_every_role_is_one_of_these() -> None:
    of_functions = {f"{name}Role" for name in functions()}
    others = {
        "PollerHttpApiRole",
        "PollerJobRuleRole",
        "PollerWorkflowRole",
        "JanitorScheduleRole",
        "SourceScheduleRole",
    }

    assert set(roles()) == of_functions | others
    assert not [name for name, body in resources("AWS::IAM::Role").items() if "ManagedPolicyArns" in body["Properties"]]


def test_a_star_in_a_permission_covers_no_other_functions_route_of_the_same_method() -> None:
    # A star crosses slashes: .../GET/jobs/* is /jobs/1/results too. API Gateway, not the caller, chooses the function.
    wide = {
        (route.function, other.function)
        for route in ROUTES
        for other in ROUTES
        if route.function and other.function not in (None, route.function)
        if fnmatchcase(other.source, route.source.replace("[", "[[]"))
    }

    assert wide == {("GetJob", "GetJobResults"), ("GetJob", "GetJobTasks")}
