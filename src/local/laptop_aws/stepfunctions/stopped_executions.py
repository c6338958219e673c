"""A stopped execution stays stopped, and its Map Run starts no further children.

AWS: StopExecution ends the execution as ABORTED and its Map Run with it: children that have not started
never do. Express children that run are not interrupted.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html

MiniStack runs every child all the same, and a state that fails after the stop turns ABORTED into FAILED,
with a second status event. Here a child whose parent no longer runs fails before its first state, and
``_fail_execution`` leaves an aborted execution alone.
"""

from ministack.services import stepfunctions


def _starts_too_late(child) -> bool:
    if child["events"]:
        return False
    run = stepfunctions._map_runs.get(child.get("mapRunArn"))
    parent = run and stepfunctions._executions.get(run["executionArn"])
    return bool(parent) and parent["status"] != "RUNNING"


def install() -> None:
    run_sub_machine, fail = stepfunctions._run_sub_machine, stepfunctions._fail_execution

    def run_unless_stopped(states, start_at, input_data, execution, ctx):
        if _starts_too_late(execution):
            raise stepfunctions._ExecutionError("States.Aborted", "The Map Run was stopped")
        return run_sub_machine(states, start_at, input_data, execution, ctx)

    def fail_unless_stopped(execution, error, cause):
        if execution["status"] != "ABORTED":
            fail(execution, error, cause)

    stepfunctions._run_sub_machine = run_unless_stopped
    stepfunctions._fail_execution = fail_unless_stopped
