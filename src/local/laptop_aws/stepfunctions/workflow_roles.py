"""A state machine does what its role allows, and no more.

AWS: Step Functions assumes the state machine's role for every call a state makes: to invoke a function, to
read a Distributed Map's items, to start its children (as executions of the same state machine), to write its
results. A call that is denied fails the state, where Catch and Retry see it: ``Lambda.AWSLambdaException``,
``States.ItemReaderFailed``, ``States.ResultWriterFailed``.
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
The name of a denied invocation's error, and its cause: https://github.com/awslabs/aws-deployment-framework/issues/460
Nobody has written down the name of the error when children cannot be started; here it is the API's own.

MiniStack stores the role and acts as root. Here the calls of states ask first. The permissions of
integrations other than Lambda are not known yet: such a state fails, rather than pass unchecked.
"""

from contextvars import ContextVar

from ministack import app
from ministack.services import stepfunctions

from laptop_aws.iam.service_roles import Call, Refused, by_role, refusal
from laptop_aws.stepfunctions import map_result_writer

SERVICE = "states.amazonaws.com"
INVOKE = "arn:aws:states:::lambda:invoke"

# The role and the ARN of the state machine whose state runs.
_acting: ContextVar[tuple[str, str]] = ContextVar("acting")


def _of(execution) -> tuple[str, str]:
    """A Map's child is an execution of ``<state machine>/<label>``, and acts as its state machine."""
    arn = execution["stateMachineArn"].partition("/")[0]
    return stepfunctions._state_machines[arn]["roleArn"], arn


def _require(action: str, resource: str, error: str) -> None:
    role, machine = _acting.get()
    try:
        by_role(role, SERVICE, Call(action, resource, machine))
    except Refused as refused:
        raise stepfunctions._ExecutionError(error, str(refused)) from None


def _require_invocation(resource: str, given) -> None:
    function = given.get("FunctionName", "") if resource.startswith(INVOKE) else resource
    if ":function:" in function:
        _require("lambda:InvokeFunction", function, "Lambda.AWSLambdaException")
    elif app.AUTH:
        raise stepfunctions._ExecutionError(
            "States.Runtime", f"This emulator does not know what {resource} needs to be allowed, so it is not"
        )


def _require_children(execution) -> None:
    """Before the first of them; each is noted when it starts."""
    role, machine = _of(execution)
    why = refusal(role, SERVICE, Call("states:StartExecution", machine, machine)) if app.AUTH else None
    if why is not None:
        raise stepfunctions._ExecutionError("AccessDeniedException", str(why))


def install() -> None:
    execute_task, invoke = stepfunctions._execute_task, stepfunctions._invoke_resource
    run_map, run_child = stepfunctions._run_distributed_map, stepfunctions._run_sub_machine
    object_text, put = stepfunctions._s3_object_text, map_result_writer._put

    def execute_task_as_role(state_def, raw_input, execution, ctx):
        _acting.set(_of(execution))
        return execute_task(state_def, raw_input, execution, ctx)

    def invoke_if_allowed(resource, input_data):
        _require_invocation(resource, input_data)
        return invoke(resource, input_data)

    def run_map_as_role(*run_of):
        _acting.set(_of(run_of[4]))
        _require_children(run_of[4])
        return run_map(*run_of)

    def run_child_if_allowed(states, start_at, input_data, execution, ctx):
        if "mapRunArn" in execution and not execution["events"]:
            _acting.set(_of(execution))
            _require("states:StartExecution", _acting.get()[1], "AccessDeniedException")
        return run_child(states, start_at, input_data, execution, ctx)

    def read_if_allowed(bucket, key):
        _require("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", "States.ItemReaderFailed")
        return object_text(bucket, key)

    def put_if_allowed(bucket, key, content):
        _require("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", "States.ResultWriterFailed")
        return put(bucket, key, content)

    stepfunctions._execute_task, stepfunctions._invoke_resource = execute_task_as_role, invoke_if_allowed
    stepfunctions._run_distributed_map, stepfunctions._run_sub_machine = run_map_as_role, run_child_if_allowed
    stepfunctions._s3_object_text, map_result_writer._put = read_if_allowed, put_if_allowed
