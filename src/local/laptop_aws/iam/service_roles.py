"""Whether an AWS service may do what it is about to do on the stack's behalf, for the modules that ask.

A service acts in one of two ways. It assumes a role that trusts it, and the role's policies decide:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Or it comes as itself, and the policy of the resource has to name it, usually for one source only:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn

MiniStack has the evaluator but asks it about requests only, not about what its own services do. Nothing is
refused unless IAM is enforced. Every answer is noted in `recording`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.core.responses import get_account_id, get_region

from laptop_aws.iam import recording


class Call(NamedTuple):
    """What a service is about to do: `action` on `resource`, on behalf of `source` (both ARNs).

    `keys` are the request's own condition keys, in lower case (``events:source``).
    """

    action: str
    resource: str
    source: str = ""
    keys: Mapping[str, str] = {}


class Refused(Exception):
    """The service may not. `assumed`: whether it could assume the role at all."""

    def __init__(self, message: str, assumed: bool = True) -> None:
        super().__init__(message)
        self.assumed = assumed


def by_role(role_arn: str, service: str, call: Call) -> None:
    """Raise Refused unless `service` (``states.amazonaws.com``) may assume the role, and the role allows the call."""
    if app.AUTH:
        why = refusal(role_arn, service, call)
        recording.note(_name(role_arn), call.action, call.resource, why is None)
        if why is not None:
            raise why


def refusal(role_arn: str, service: str, call: Call) -> Refused | None:
    """What `by_role` would raise, without noting it."""
    from ministack.services import iam

    account, name = get_account_id(), _name(role_arn)
    role = iam._roles.get_scoped(account, None, name)
    assuming = Call("sts:AssumeRole", role_arn, call.source)
    if role is None or not _names(role["AssumeRolePolicyDocument"], service, assuming):
        return Refused(f"{service} is not authorized to assume the role {role_arn or '(none)'}", assumed=False)
    session = f"arn:aws:sts::{account}:assumed-role/{name}/{service.partition('.')[0]}"
    context = _context(session, "AssumedRole", call, call.keys)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    decided = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(name, account), *limits)
    own = _policy_of(call)
    if own is not None:
        decided = iam_evaluator.combine_resource_policy(decided, context, *own, limits=limits)
    if decided.decision == "Allow":
        return None
    return Refused(identity_denial_message(call.action, session, call.resource, decided.decision == "Deny"))


def by_policy(service: str, call: Call) -> None:
    """Raise Refused unless the resource's own policy lets `service` do this for the call's source.

    A resource that is not there has nothing to say: the call itself will fail.
    """
    own = _policy_of(call) if app.AUTH else None
    if own is not None:
        allowed = bool(own[0]) and _names(own[0], service, call)
        recording.note(service, call.action, call.resource, allowed)
        if not allowed:
            raise Refused(
                f"{service} is not authorized to perform: {call.action} on resource: {call.resource} because no "
                f"resource-based policy allows the {call.action} action for {call.source}"
            )


def _names(policy: Any, service: str, call: Call) -> bool:
    """Whether a policy with principals allows the call to `service`."""
    keys = {"aws:sourcearn": call.source or None, "aws:sourceaccount": get_account_id()}
    context = _context("*", "Service", call, keys)
    return bool(iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def _context(who: str, kind: str, call: Call, keys: Mapping[str, str | None]) -> Any:
    return iam_evaluator.EvalContext(
        principal_arn=who,
        principal_type=kind,
        principal_account=get_account_id() if kind == "AssumedRole" else "",
        action=call.action,
        resource_arn=call.resource,
        region=get_region(),
        service_context={**keys, "aws:tagkeys": None},
    )


def _policy_of(call: Call) -> Any:
    """The policy of the resource and its owner's account; None for resources that have none."""
    return iam_evaluator._resource_policy(call.action.partition(":")[0], call.resource)


def _name(role_arn: str) -> str:
    return role_arn.rpartition("/")[2] or "none"
