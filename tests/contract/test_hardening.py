"""What the linters do not see: encryption in transit, dead-letter queues, ratios, alarms, and what roles may do."""

import json
import re
from typing import Any

import pytest

from poller.jobs.model import JobStatus
from tests.support.template import all_resources, as_list, functions, resources, roles, statements

BUCKETS = ("RawPayloadBucket", "DatasetBucket", "LogBucket")
DEAD_LETTER_QUEUES = ("PollerJobRuleDLQ", "ExecutionEndedDLQ", "ProcessPayloadDLQ")
QUEUES = (*DEAD_LETTER_QUEUES, "ProcessPayloadQueue")
OWN_KEY = {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
NOT_TLS = {"Bool": {"aws:SecureTransport": "false"}}
# Actions that know no resources; the template cites the page that says so.
WITHOUT_RESOURCES = ("logs:", "xray:", "ec2:")


def properties(name: str) -> dict[str, Any]:
    return dict(all_resources()[name]["Properties"])


def refused_without_tls(kind: str, name_of_target: str) -> set[str]:
    """The resources that a policy of this kind closes to everybody who comes without TLS, as `Name` or `Name/*`."""
    closed = set()
    for body in resources(kind).values():
        for statement in statements(body["Properties"]):
            if statement["Effect"] == "Deny" and statement["Principal"] == "*" and statement["Condition"] == NOT_TLS:
                closed |= {named(arn) for arn in as_list(statement["Resource"])}
        assert name_of_target in body["Properties"]
    return closed


def named(arn: dict[str, Any]) -> str:
    if "Fn::Sub" in arn:
        return str(arn["Fn::Sub"]).replace("${", "").replace(".Arn}", "")
    return str(arn["Ref"] if "Ref" in arn else arn["Fn::GetAtt"][0])


def test_these_are_all_the_buckets_and_queues() -> None:
    assert set(resources("AWS::S3::Bucket")) == set(BUCKETS)
    assert set(resources("AWS::SQS::Queue")) == set(QUEUES)


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_private_encrypted_and_tidied_up(name: str) -> None:
    bucket = properties(name)
    [encryption] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert {rule["Status"] for rule in bucket["LifecycleConfiguration"]["Rules"]} == {"Enabled"}
    if name == "LogBucket":
        # S3 delivers access logs only to buckets with its own encryption.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    else:
        condition, own, other = encryption["ServerSideEncryptionByDefault"]["Fn::If"]
        assert (condition, own["KMSMasterKeyID"], other) == (
            "HasKmsKey",
            {"Ref": "KmsKeyArn"},
            {"SSEAlgorithm": "AES256"},
        )
        assert bucket["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": "LogBucket"}


def test_the_dataset_stays_and_can_be_had_back_and_the_rest_goes() -> None:
    dataset = all_resources()["DatasetBucket"]
    raw = properties("RawPayloadBucket")["LifecycleConfiguration"]["Rules"]

    # Except on create: a first deployment that fails leaves no empty bucket behind.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
    assert (dataset["DeletionPolicy"], dataset["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert all_resources()["DatasetBucketPolicy"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert dataset["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "ExpirationInDays" not in str(dataset)
    assert [rule["ExpirationInDays"] for rule in raw] == [{"Ref": "RetentionDays"}]


def test_nothing_is_reached_without_tls() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html
    assert refused_without_tls("AWS::S3::BucketPolicy", "Bucket") == {
        f"{name}{end}" for name in BUCKETS for end in ("", "/*")
    }
    assert refused_without_tls("AWS::SQS::QueuePolicy", "Queues") == set(QUEUES)
    assert refused_without_tls("AWS::SNS::TopicPolicy", "Topics") == {"AlarmTopic"}


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_is_encrypted_and_a_dead_letter_queue_keeps_its_messages_as_long_as_it_can(name: str) -> None:
    queue = properties(name)

    assert queue["KmsMasterKeyId"] == OWN_KEY
    assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", {"Ref": "AWS::NoValue"}, True]}
    if name in DEAD_LETTER_QUEUES:
        assert queue["MessageRetentionPeriod"] == 14 * 86400


def test_a_consumer_has_time_and_its_queue_a_place_for_what_fails() -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    sources = [
        (function, event["Properties"])
        for function in functions().values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]

    assert len(sources) == 3
    for function, source in sources:
        name = source["Queue"]["Fn::GetAtt"][0]
        queue = properties(name)
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["ScalingConfig"]["MaximumConcurrency"]
        window = source.get("MaximumBatchingWindowInSeconds", 0)
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + window
        if name not in DEAD_LETTER_QUEUES:
            assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
            assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["ProcessPayloadDLQ", "Arn"]}


def test_the_consumer_knows_how_often_a_message_is_delivered() -> None:
    given = functions()["ProcessPayload"]["Environment"]["Variables"]["MAX_RECEIVE_COUNT"]

    assert int(given) == properties("ProcessPayloadQueue")["RedrivePolicy"]["maxReceiveCount"]


def test_what_cannot_be_delivered_is_kept_or_said() -> None:
    for name, body in resources("AWS::Events::Rule").items():
        [target] = body["Properties"]["Targets"]
        assert target["RetryPolicy"], name
        # A job in trouble still says so itself; only the message about it is lost, and that has an alarm.
        assert name == "JobsInTroubleRule" or target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in DEAD_LETTER_QUEUES
    for name in ("ReconcileJob", "Janitor"):  # called without anybody waiting: by a rule, by a schedule
        assert functions()[name]["DeadLetterQueue"]["TargetArn"] == {"Fn::GetAtt": ["ExecutionEndedDLQ", "Arn"]}


def test_a_schedule_is_named_by_cloudformation() -> None:
    # SAM's default name has no stack in it, so a second stack could not be deployed beside the first.
    # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-schedulev2.html
    assert functions()["Janitor"]["Events"]["Slowly"]["Properties"]["OmitName"] is True


def test_the_table_can_be_restored_and_forgets_by_itself() -> None:
    table = properties("PollerTasksTable")

    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ExpiresAt", "Enabled": True}


def without_own_key(value: Any) -> Any:
    """`value` as it is where no key was named."""
    if isinstance(value, list):
        return [without_own_key(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value and value["Fn::If"][0] == "HasKmsKey":
        return without_own_key(value["Fn::If"][2])
    found = {key: without_own_key(item) for key, item in value.items()}
    return {key: item for key, item in found.items() if item != {"Ref": "AWS::NoValue"}}


def test_encryption_costs_nothing_unless_a_key_is_named() -> None:
    # "SSEEnabled: true" alone is the key aws/dynamodb, each use of which is billed; so is any other of KMS.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
    table = resources("AWS::DynamoDB::Table")["PollerTasksTable"]["Properties"]
    with_key = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KmsKeyArn"}}

    assert table["SSESpecification"] == {"Fn::If": ["HasKmsKey", with_key, {"Ref": "AWS::NoValue"}]}
    for name, body in all_resources().items():
        if body["Type"] == "AWS::Serverless::Application":
            continue  # hands on what the root was given; its resources are looked at here too
        left = without_own_key(body.get("Properties", {}))
        assert not re.findall(r"'\w*kms\w*':|'kms\w*'|aws:kms|'SSESpecification'", str(left), flags=re.I), name


@pytest.mark.parametrize("name", ["PollerHttpApi", "ExternalHttpApi"])
def test_an_api_is_throttled_and_keeps_an_access_log(name: str) -> None:
    stage = properties(f"{name}Stage")

    assert properties(name)["FailOnWarnings"] is True
    assert 0 < stage["DefaultRouteSettings"]["ThrottlingRateLimit"] <= 100
    assert 0 < stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] <= 200
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": [f"{name}Logs", "Arn"]}
    assert "$context.status" in stage["AccessLogSettings"]["Format"]


def test_what_an_api_logs_of_an_error_is_json_whatever_the_error_says() -> None:
    # $context.error.messageString brings its own quotes, and escapes those in it.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
    for body in resources("AWS::ApiGatewayV2::Stage").values():
        written = body["Properties"]["AccessLogSettings"]["Format"]
        line = re.sub(r"\$context\.error\.messageString", '"it said \\\\"no\\\\""', written)
        assert json.loads(line)
        assert '$context.error.message"' not in written


def test_logs_are_kept_for_a_while_encrypted_and_one_group_for_each_function() -> None:
    groups = resources("AWS::Logs::LogGroup")

    assert {f"{name}Logs" for name in functions()} <= set(groups)
    for name, body in groups.items():
        assert body["Properties"]["RetentionInDays"] <= 90, name
        assert body["Properties"]["KmsKeyId"] == OWN_KEY, name


def test_alarms_watch_what_nobody_looks_at_and_all_tell_one_topic() -> None:
    alarms = [body["Properties"] for body in resources("AWS::CloudWatch::Alarm").values()]
    # A message that its consumer fails at is hidden nearly all the time, so that a look every minute misses it.
    consumed = {
        event["Properties"]["Queue"]["Fn::GetAtt"][0]
        for function in functions().values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    } & set(DEAD_LETTER_QUEUES)
    watched = {
        (alarm["Namespace"], alarm["MetricName"], named_dimension(alarm["Dimensions"][-1]["Value"])) for alarm in alarms
    }

    assert watched == (
        {("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue) for queue in DEAD_LETTER_QUEUES}
        | {("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", queue) for queue in consumed}
        | {("AWS/SQS", "ApproximateAgeOfOldestMessage", "ProcessPayloadQueue")}
        | {("AWS/States", metric, "PollerWorkflow") for metric in ("ExecutionsFailed", "ExecutionsTimedOut")}
        | {("AWS/Events", "FailedInvocations", rule) for rule in resources("AWS::Events::Rule")}
    )
    assert [alarm["AlarmActions"] for alarm in alarms] == [[{"Ref": "AlarmTopic"}]] * len(alarms)
    assert {alarm["ComparisonOperator"] for alarm in alarms} == {"GreaterThanThreshold"}
    assert {alarm["Statistic"] for alarm in alarms if alarm["MetricName"].endswith("NotVisible")} == {"Minimum"}


def named_dimension(value: dict[str, Any]) -> str:
    if "Fn::Select" in value:
        index, split = value["Fn::Select"]
        assert index == 2  # arn:…:rule/BUS/NAME
        value = split["Fn::Split"][1]
    return named(value)


@pytest.mark.parametrize("rule", resources("AWS::Events::Rule"))
def test_the_metrics_of_a_rule_are_asked_for_under_its_own_bus(rule: str) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    on_own_bus = "EventBusName" in properties(rule)
    dimensions = [dimension["Name"] for dimension in properties(f"{rule}Alarm")["Dimensions"]]

    assert dimensions == (["EventBusName", "RuleName"] if on_own_bus else ["RuleName"])


def test_every_job_that_ends_without_its_dataset_and_without_being_asked_to_is_told_to_the_topic() -> None:
    rule = properties("JobsInTroubleRule")
    in_trouble = {status for status in JobStatus if status.is_final} - {JobStatus.SUCCEEDED, JobStatus.CANCELLED}

    assert set(rule["EventPattern"]["detail"]["Status"]) == in_trouble
    assert rule["EventPattern"]["detail"]["DuplicateOf"] == [None]  # it did nothing, and nothing is wrong
    assert rule["Targets"][0]["Arn"] == {"Ref": "AlarmTopic"}
    [publishing] = [
        statement
        for statement in statements(properties("AlarmTopicPolicy"))
        if statement["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    # EventBridge knows no conditions in a topic's policy: with one, nothing would ever arrive.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    assert "Condition" not in publishing


def test_every_function_has_a_role_of_its_own_that_writes_only_its_own_log() -> None:
    for name, function in functions().items():
        own = roles()[f"{name}Role"]
        logging = [statement for statement in own if "logs:PutLogEvents" in as_list(statement["Action"])]
        assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
        assert [statement["Resource"] for statement in logging] == [{"Fn::GetAtt": [f"{name}Logs", "Arn"]}]
        assert "Policies" not in function
        assert function["KmsKeyArn"] == OWN_KEY
        assert any(statement["Resource"] == {"Ref": "KmsKeyArn"} for statement in own), name
    assert any(statement["Resource"] == {"Ref": "KmsKeyArn"} for statement in roles()["PollerWorkflowRole"])


def test_no_statement_allows_every_action_or_every_resource() -> None:
    allowed = [(role, s) for role, own in roles().items() for s in own if s["Effect"] == "Allow"]

    assert len(allowed) > 60
    for role, statement in allowed:
        actions = as_list(statement["Action"])
        assert not [action for action in actions if "*" in action], (role, statement)
        if "*" in as_list(statement["Resource"]):
            assert all(action.startswith(WITHOUT_RESOURCES) for action in actions), (role, statement)
    assert "ManagedPolicyArns" not in str(all_resources())


def test_a_role_is_assumed_by_one_service_and_for_this_account_only() -> None:
    for name, body in resources("AWS::IAM::Role").items():
        [trust] = body["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        service = trust["Principal"]["Service"]
        assert (trust["Action"], trust["Effect"]) == ("sts:AssumeRole", "Allow"), name
        # A function and an API can only be given a role by this account; the others could be lured into using one.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        if service not in ("lambda.amazonaws.com", "apigateway.amazonaws.com"):
            assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, name


def test_only_functions_that_call_the_partner_can_be_in_a_network_of_the_users() -> None:
    inside = {name for name, function in functions().items() if "VpcConfig" in function}

    assert inside == {"PreparePollerJob", "PreviewJob", "FetchPayload"}
    for name in inside:
        condition, network, otherwise = functions()[name]["VpcConfig"]["Fn::If"]
        assert (condition, otherwise) == ("InVpc", {"Ref": "AWS::NoValue"})
        assert network == {"SubnetIds": {"Ref": "VpcSubnetIds"}, "SecurityGroupIds": {"Ref": "VpcSecurityGroupIds"}}
    # In the role itself: Lambda looks for these permissions while it makes the function, and CloudFormation would make
    # a policy beside the role at the same time.
    for role, body in resources("AWS::IAM::Role").items():
        joining = [
            statement["Fn::If"]
            for policy in body["Properties"]["Policies"]
            for statement in as_list(policy["PolicyDocument"]["Statement"])
            if "Fn::If" in statement and statement["Fn::If"][0] == "InVpc"
        ]
        assert bool(joining) == (role.removesuffix("Role") in inside), role
        if joining:
            (_, allow, _), (_, deny, _) = joining
            assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
            assert allow["Action"] == deny["Action"]
            assert "lambda:SourceFunctionArn" in deny["Condition"]["ArnLike"]


def test_api_log_groups_spare_the_accounts_log_policy() -> None:
    """Limited to 5,120 characters in all: https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html."""
    for name in ("PollerHttpApiStage", "ExternalHttpApiStage"):
        group = properties(name)["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"][0]
        assert properties(group)["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/apigateway/${AWS::StackName}-")
