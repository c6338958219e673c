"""A Map's limits taken from its input: MaxConcurrencyPath and the tolerated-failure paths.

AWS: each ``...Path`` is a reference path to a number in the state's input, in the place of the literal
field; a MaxConcurrency of 0 means unlimited. A path that finds no such number fails the state.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
https://states-language.net/spec.html#map-state

MiniStack reads the literal fields only (its 0 means at most 64 workers for a Distributed Map). Here
``_run_map_items``, which every Map runs through, gets the state with the numbers filled in.
"""

from ministack.services import stepfunctions

FIELDS = ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage")


def _number(state_def, field, effective, ctx) -> int | float:
    path = state_def[f"{field}Path"]
    value = stepfunctions._resolve_path_or_ctx(path, effective, ctx)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        reason = f"The {field}Path '{path}' does not point to a non-negative number in the state's input"
        raise stepfunctions._ExecutionError("States.Runtime", reason)
    return value if field.endswith("Percentage") else int(value)


def install() -> None:
    run_map_items = stepfunctions._run_map_items

    def with_numbers(state_def, raw_input, execution, ctx):
        named = [field for field in FIELDS if f"{field}Path" in state_def]
        if named:
            effective = stepfunctions._apply_input_path(state_def, raw_input, ctx)
            state_def = state_def | {field: _number(state_def, field, effective, ctx) for field in named}
        return run_map_items(state_def, raw_input, execution, ctx)

    stepfunctions._run_map_items = with_numbers
