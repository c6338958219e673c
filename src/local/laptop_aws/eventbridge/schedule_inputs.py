"""What a schedule hands to its target may say which call this is.

AWS: in a target's Input, ``<aws.scheduler.schedule-arn>``, ``<aws.scheduler.scheduled-time>``,
``<aws.scheduler.execution-id>`` and ``<aws.scheduler.attempt-number>`` are replaced by the schedule's ARN, the time
for which it calls (such as 2022-03-22T18:59:43Z), an id of the call, and how many tries there were.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html

MiniStack hands the Input over as it is. Here ``_invoke_target``, which rules and schedules share, gets a schedule's
Input with the words replaced. The time is when MiniStack called, up to ten seconds after the one for which it did.
"""

from datetime import UTC, datetime

from ministack.core.responses import new_uuid
from ministack.services import eventbridge


def _filled(text: str, arn: str, called: float) -> str:
    at = datetime.fromtimestamp(called, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {"schedule-arn": arn, "scheduled-time": at, "execution-id": new_uuid(), "attempt-number": "1"}
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def install() -> None:
    invoke_target = eventbridge._invoke_target

    def invoke_with_input(target, event, rule, view=None):
        if ":scheduler:" in rule.get("Arn", "") and target.get("Input"):
            target = {**target, "Input": _filled(target["Input"], rule["Arn"], event["Time"])}
        invoke_target(target, event, rule, view)

    eventbridge._invoke_target = invoke_with_input
