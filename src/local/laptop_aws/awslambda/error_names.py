"""A failed invocation is named after the exception that the handler raised.

AWS: the Python runtime reports ``errorType`` (the class's name), ``errorMessage`` and ``stackTrace``.
That JSON is the payload of a failed Invoke; in a state machine ``errorType`` is the task's error name,
which Retry and Catch match, and the JSON is its cause. The environment lives on and serves the next
invocation; only one whose process ended (``Runtime.ExitError``) is replaced.
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html

MiniStack calls every error ``Runtime.HandlerError``, drops the stack, and starts a new worker process
(about a second) after each. Its worker script is the only place that sees the exception: there it is
now returned as a marked result, which ``_execute_function_warm`` turns into the failed answer.
"""

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

MARK = "\0handler-error"
REPORTED_BY_MINISTACK = (
    '_real_stdout.write(json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()}) + "\\n")'
)
REPORTED_HERE = f"""_real_stdout.write(json.dumps({{"status": "ok", "result": {{{MARK!r}: {{
                "errorMessage": str(e),
                "errorType": type(e).__name__,
                "requestId": context.aws_request_id,
                "stackTrace": traceback.format_tb(e.__traceback__)[1:],
            }}, "trace": traceback.format_exc()}}}}) + "\\n")"""


def install() -> None:
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if REPORTED_BY_MINISTACK not in script:
        raise RuntimeError("MiniStack's worker script reports errors in another way than error_names expects")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(REPORTED_BY_MINISTACK, REPORTED_HERE)
    execute = lambda_svc._execute_function_warm

    def execute_named(func, event, request_id):
        result = execute(func, event, request_id)
        body = result.get("body")
        if isinstance(body, dict) and MARK in body:
            log = "\n".join(filter(None, [result.get("log"), f"[ERROR] {body['trace']}"]))
            return {"body": body[MARK], "error": True, "log": log}
        if result.get("error") and isinstance(body, dict) and body.get("errorMessage") == "Worker process died":
            return {**result, "body": {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited"}}
        return result

    lambda_svc._execute_function_warm = execute_named
