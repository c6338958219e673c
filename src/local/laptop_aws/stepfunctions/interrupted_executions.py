"""An execution that ended with the emulator says so, as every failed execution does.

AWS: an execution does not end with a machine, and one that fails puts ``Step Functions Execution Status
Change`` on the default bus.
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html

MiniStack, started again, finds the executions that it interrupted and calls them FAILED, but tells nobody.
Here their events are sent once all saved state is there, so that what watches executions can clean up.
"""

from ministack import app
from ministack.core.responses import request_scope
from ministack.services import stepfunctions


def install() -> None:
    load_all, load_executions = app._load_persisted_state, stepfunctions.load_persisted_state
    interrupted: list[tuple[str, str, str]] = []

    def note_and_load(data):
        saved = data.get("executions")
        interrupted.extend(
            key
            for key, execution in (saved.all_items() if saved else ())
            if execution["status"] == "RUNNING" and "mapRunArn" not in execution
        )
        return load_executions(data)

    def load_and_tell():
        load_all()
        for account, region, arn in interrupted:
            with request_scope(account, region):
                stepfunctions._emit_execution_status_event(stepfunctions._executions[arn])

    stepfunctions.load_persisted_state = note_and_load
    app._load_persisted_state = load_and_tell
