"""The guards of a deployment on AWS, which no emulator would miss."""

from tests.mutants.mutations import Mutation

_TEMPLATE = "template.yaml"
_QUEUES = "tests/contract/test_queues.py"
_HARDENING = "tests/contract/test_hardening.py"
_PARAMETERS = "tests/contract/test_parameters.py"
_REFUSED = f"{_PARAMETERS}::test_parameters_that_do_not_go_together_are_refused_before_anything_is_made"

DEPLOYMENT: tuple[Mutation, ...] = (
    Mutation(
        "a queue's policy is for that queue alone",
        _TEMPLATE,
        "Queues: [!Ref ProcessPayloadQueue]",
        "Queues: [!Ref ProcessPayloadQueue, !Ref ProcessPayloadDLQ]",
        f"{_QUEUES}::test_a_policy_is_for_one_queue_or_topic_and_each_statement_for_that_one",
    ),
    Mutation(
        "the largest job request finds room in its dead-letter queue",
        _TEMPLATE,
        "MaximumMessageSize: 1048576",
        "MaximumMessageSize: 262144",
        f"{_QUEUES}::test_a_job_request_of_any_size_finds_room_where_it_goes_when_it_cannot_be_delivered",
    ),
    Mutation(
        "subnets come with security groups",
        _TEMPLATE,
        '- Assert: !Not [!EachMemberEquals [!Ref VpcSecurityGroupIds, ""]]',
        '- Assert: !Not [!EachMemberEquals [!Ref VpcSubnetIds, ""]]',
        _REFUSED,
    ),
    Mutation(
        "no key is billed unless it is named",
        _TEMPLATE,
        "        - !Ref AWS::NoValue",
        "        - { SSEEnabled: true }",
        f"{_HARDENING}::test_encryption_costs_nothing_unless_a_key_is_named",
        after="- { SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !Ref KmsKeyArn }",
    ),
    Mutation(
        "a message that says what went wrong is JSON",
        _TEMPLATE,
        '"error":$context.error.messageString',
        '"error":"$context.error.message"',
        f"{_HARDENING}::test_what_an_api_logs_of_an_error_is_json_whatever_the_error_says",
    ),
    Mutation(
        "no ARN names a partition",
        "statemachine/poller-workflow.asl.json",
        "arn:${Partition}:states:::s3:getObject",
        "arn:aws:states:::s3:getObject",
        "tests/contract/test_partitions.py::test_no_arn_and_no_host_names_the_partition",
    ),
    Mutation(
        "functions of the same code are built once",
        _TEMPLATE,
        "Metadata: { BuildMethod: python-uv }",
        "Metadata: { BuildMethod: python-uv, Note: mine }",
        "tests/contract/test_build.py::test_functions_of_the_same_code_are_one_artefact",
        after="  Janitor:",
    ),
    Mutation(
        "a message that is tried again and again is heard of",
        _TEMPLATE,
        "MetricName: ApproximateNumberOfMessagesNotVisible",
        "MetricName: ApproximateNumberOfMessagesVisible",
        f"{_HARDENING}::test_alarms_watch_what_nobody_looks_at_and_all_tell_one_topic",
        after="  ProcessPayloadDLQRetriesAlarm:",
    ),
)
