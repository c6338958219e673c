"""What MiniStack lacks, and the order in which it is added.

A gap is one module with an ``install()``, in the folder of the service whose behaviour it adds. Its docstring says
what AWS does, where that is documented, and what MiniStack does instead; its test ``test_still_needed`` fails once a
newer MiniStack no longer needs it.
"""

from importlib import import_module

# The MiniStack that lacked all of these when `make gaps` was run last.
TRIED_WITH = "1.5.33"

# A module wraps what those before it have made: permissions are asked before anything else is done. Saved state is
# brought up to date before anything can read it.
GAPS = (
    "sqs.queue_addresses",
    "cloudformation.join_in_conditions",
    "cloudformation.number_parameters",
    "cloudformation.events_archive",
    "cloudformation.table_ttl",
    "cloudformation.function_dead_letters",
    "cloudformation.full_buckets",
    "cloudformation.nested_stacks",
    "apigateway.openapi_body",
    "apigateway.service_integrations",
    "apigateway.function_errors",
    "apigateway.integration_roles",
    "apigateway.signed_calls",
    "eventbridge.put_events_validation",
    "eventbridge.put_events_conditions",
    "eventbridge.dead_letters",
    "eventbridge.delivery_roles",
    "eventbridge.schedule_inputs",
    "eventbridge.schedule_groups",
    "awslambda.shared_code",
    "awslambda.forked_workers",
    "awslambda.worker_pool",
    "awslambda.error_names",
    "awslambda.bare_workers",
    "awslambda.log_ends",
    "awslambda.function_roles",
    "stepfunctions.prompt_starts",
    "stepfunctions.map_result_writer",
    "stepfunctions.map_concurrency_path",
    "stepfunctions.retry_delays",
    "stepfunctions.workflow_roles",
    "stepfunctions.stopped_executions",
    "stepfunctions.interrupted_executions",
    "s3.absent_objects",
    "iam.secure_transport",
    "snapshots",
)


def install_all() -> None:
    """Fill every gap. The environment that MiniStack reads when it is imported must be set before."""
    for gap in GAPS:
        import_module(f"laptop_aws.{gap}").install()
