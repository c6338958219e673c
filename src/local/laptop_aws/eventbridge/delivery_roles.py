"""What a rule or a schedule delivers, it must be allowed to deliver.

AWS: a rule starts an execution with its target's role, and reaches functions, queues and topics by their own
policies, which name ``events.amazonaws.com`` and the rule, or by the target's role if it has one. A schedule
does everything with its target's role. A delivery that is not allowed is not retried: it goes to the target's
dead-letter queue as NO_PERMISSIONS or FAILED_TO_ASSUME_ROLE, if the queue lets it (a rule by the queue's
policy, a schedule by its role).
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html

MiniStack delivers as root. Here ``_invoke_target``, which rules and schedules share, asks first; targets of
other kinds (another bus, an API destination) are delivered unasked.
"""

from ministack.services import eventbridge

from laptop_aws.eventbridge import dead_letters
from laptop_aws.iam.service_roles import Call, Refused, by_policy, by_role

ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
    "states": "states:StartExecution",
}
WITH_OWN_POLICY = ("lambda", "sns", "sqs")


def _require(source: str, role: str | None, target: str) -> None:
    """Raise Refused unless the rule or schedule `source` may deliver to `target`, both ARNs."""
    kind = target.split(":")[2]
    if kind not in ACTIONS:
        return
    if _is_schedule(source):
        # The role's trust policy may name the schedule's group, not the schedule:
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        group = source.replace(":schedule/", ":schedule-group/").rpartition("/")[0]
        by_role(role or "", "scheduler.amazonaws.com", Call(ACTIONS[kind], target, group))
    elif role or kind not in WITH_OWN_POLICY:
        by_role(role or "", "events.amazonaws.com", Call(ACTIONS[kind], target, source))
    else:
        by_policy("events.amazonaws.com", Call(ACTIONS[kind], target, source))


def _is_schedule(source: str) -> bool:
    return ":scheduler:" in source


def install() -> None:
    invoke_target, keep = eventbridge._invoke_target, dead_letters.keep

    def invoke_if_allowed(target, event, rule, view=None):
        try:
            _require(rule["Arn"], target.get("RoleArn"), target.get("Arn", ""))
        except Refused as refused:
            code = "NO_PERMISSIONS" if refused.assumed else "FAILED_TO_ASSUME_ROLE"
            dead_letters.keep(target, event, rule, (code, str(refused)))
        else:
            invoke_target(target, event, rule, view)

    def keep_if_allowed(target, event, rule, failure):
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        role = target.get("RoleArn") if _is_schedule(rule["Arn"]) else None
        try:
            if queue:
                _require(rule["Arn"], role, queue)
        except Refused:
            return  # as AWS drops it, too
        keep(target, event, rule, failure)

    eventbridge._invoke_target = invoke_if_allowed
    dead_letters.keep = keep_if_allowed
