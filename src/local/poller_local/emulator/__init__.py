"""The laptop's AWS: MiniStack in one process, plus what it lacks.

``python -m poller_local.emulator --port N --data-dir DIR`` runs it. MiniStack reads its settings
from the environment when it is imported, so ``__main__`` sets those first and only then calls
``install_all``; importing this package imports no MiniStack. One module per gap, each with an
``install()``, what AWS does and where that is documented, and a test that fails once a newer
MiniStack no longer needs it:

- ``openapi_import``: routes, integrations and authorizers from an HTTP API's OpenAPI ``Body``
- ``service_integrations``: HTTP API first-class integrations (``EventBridge-PutEvents``)
- ``putevents_detail``: PutEvents refuses what is not a JSON object, and too large a request
- ``putevents_conditions``: the policy conditions ``events:source`` and ``events:detail-type``
- ``shared_code``: workers of one package share its unpacked copy
- ``lambda_errors``: a failed invocation is named after the exception's class
- ``events_archive``: the CloudFormation type ``AWS::Events::Archive``
- ``map_result_writer``: a Distributed Map's ``ResultWriter``
- ``map_concurrency_path``: ``MaxConcurrencyPath`` and the tolerated-failure paths of a Map
- ``execution_retry``: ``MaxDelaySeconds`` and ``JitterStrategy`` of a Retry
- ``event_delivery``: what a rule cannot deliver goes to its target's dead-letter queue
- ``workflow_roles``: a state machine does what its role allows
- ``delivery_roles``: rules and schedules deliver what their targets' roles and policies allow
- ``integration_roles``: an HTTP API calls what its credentials or the function's permissions allow
- ``function_roles``: a function's queue is read, and its dead-letter queue written, with its role
- ``condition_join``: ``Fn::Join`` in a template's conditions
- ``dead_letter_config``: a function's ``DeadLetterConfig`` in a template
- ``absent_objects``: who may not list a bucket gets 403, not 404, for an object that is not there
- ``api_errors``: an HTTP API tells its caller nothing about a function's error
- ``dynamodb_ttl``: a table's ``TimeToLiveSpecification`` in a template
- ``number_parameters``: a Number parameter as an event source mapping's concurrency
- ``secure_transport``: policies that demand TLS hold over loopback HTTP
- ``full_buckets``: a stack does not take a full bucket with it
- ``signed_calls``: a route with IAM authorization serves signed calls only
- ``stopped_executions``: a stopped execution stays stopped and starts no further children
- ``interrupted_executions``: what the emulator's own stop interrupted is announced at its next start
- ``snapshots``: state is saved every few seconds, so that a killed emulator loses little
"""

from importlib import import_module

GAPS = (
    "openapi_import",
    "service_integrations",
    "putevents_detail",
    "putevents_conditions",
    "shared_code",
    "lambda_errors",
    "events_archive",
    "map_result_writer",
    "map_concurrency_path",
    "execution_retry",
    "event_delivery",
    "workflow_roles",
    "delivery_roles",
    "integration_roles",
    "function_roles",
    "condition_join",
    "dead_letter_config",
    "absent_objects",
    "api_errors",
    "dynamodb_ttl",
    "number_parameters",
    "secure_transport",
    "full_buckets",
    "signed_calls",
    "stopped_executions",
    "interrupted_executions",
    "snapshots",
)


def install_all() -> None:
    """Fill every gap. The environment MiniStack reads must be set before."""
    for gap in GAPS:
        import_module(f"{__name__}.{gap}").install()
