"""A nested stack is a stack like any other: transformed, rolled back, and deleted as its template says.

AWS: ``AWS::Serverless::Application`` becomes an ``AWS::CloudFormation::Stack``, whose template may be one for
``AWS::Serverless`` again; who deploys the root acknowledges that with CAPABILITY_AUTO_EXPAND. What fails in a nested
stack is rolled back there and fails the root; DeletionPolicy holds, and what cannot be deleted fails the deletion.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html

MiniStack takes a nested template as it is ("Unsupported resource type: AWS::Serverless::Function"), forgets the
attributes of what an update leaves alone, leaves behind what a failed one has made, and deletes everything, come what
may. Here the resource is a stack that MiniStack's own code for root stacks creates, updates and deletes.
"""

import asyncio
import copy
from typing import Any
from uuid import uuid4

from ministack.core.responses import get_account_id, get_region, now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import engine, helpers, provisioners, stacks

TYPE = "AWS::CloudFormation::Stack"
RESTORED = (
    "_resources",
    "_template",
    "_template_body",
    "_resolved_params",
    "_conditions",
    "Parameters",
    "Tags",
    "Outputs",
)


def _new(name: str, parent) -> dict[str, Any]:
    region, account = get_region(), get_account_id()
    stack_id = f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{uuid4()}"
    family = {"ParentId": parent["StackId"], "RootId": parent.get("RootId", parent["StackId"])}
    times = {"CreationTime": now_iso(), "LastUpdatedTime": now_iso()}
    return {"StackName": name, "StackId": stack_id, "_region": region, "_resources": {}, "Outputs": []} | family | times


def _described(parent_name: str, props) -> dict[str, Any]:
    """The part of a stack that its template and its properties in the parent say."""
    body, refused = helpers._resolve_template({"TemplateURL": [props.get("TemplateURL", "")]})
    if refused or not body:
        raise ValueError(f"There is no template at {props.get('TemplateURL')}")
    sent = engine._parse_template(body)
    template = engine._apply_transforms(sent)
    for acknowledged in (sent, template):
        provisioners._check_nested_stack_capabilities(parent_name, acknowledged)
    given = [{"Key": name, "Value": str(value)} for name, value in (props.get("Parameters") or {}).items()]
    values = engine._resolve_parameters(template, given)
    conditions = engine._evaluate_conditions(template, values)
    engine.validate_template_support(template, conditions, params=values)
    shown = [{"ParameterKey": key, "ParameterValue": it["Value"], "NoEcho": it["NoEcho"]} for key, it in values.items()]
    own = {"_template": template, "_template_body": body, "_resolved_params": values, "_conditions": conditions}
    return own | {
        "Description": template.get("Description", ""),
        "Parameters": shown,
        "Tags": [tag for tag in props.get("Tags") or [] if not tag["Key"].startswith("aws:")],
        "Capabilities": provisioners._inherited_capabilities(parent_name),
        "DisableRollback": cloudformation._stacks[parent_name].get("DisableRollback", False),
    }


def _run(operation, stack) -> str:
    """Run one of MiniStack's operations on a stack to its end; returns what failed first, if anything did."""
    events = cloudformation._stack_events.setdefault(stack["StackId"], [])
    seen = len(events)
    asyncio.run(operation)
    failed = (event for event in events[seen:] if event["ResourceStatus"].endswith("_FAILED"))
    return next((f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}" for event in failed), "")


def _deploy(name: str, parent_name: str, props):
    """Create the stack of this name, or update it if it is there; returns its id and what Fn::GetAtt finds."""
    described = _described(parent_name, props)
    before = cloudformation._stacks.get(name)
    verb = "update" if before else "create"
    previous = {key: copy.deepcopy(before[key]) for key in RESTORED} if before else None
    stack = before or _new(name, cloudformation._stacks[parent_name])
    stack |= described | {"StackStatus": f"{verb.upper()}_IN_PROGRESS", "StackStatusReason": ""}
    cloudformation._stacks[name] = stack
    stack_id, template, values = stack["StackId"], stack["_template"], stack["_resolved_params"]
    stacks._add_event(stack_id, name, name, TYPE, stack["StackStatus"], physical_id=stack_id)
    deploying = stacks._deploy_stack_async(
        name, stack_id, template, values, stack["DisableRollback"], stack["Tags"], bool(previous), previous
    )
    why = _run(deploying, stack)
    if stack["StackStatus"] == "ROLLBACK_COMPLETE":
        _delete(stack_id, {})
    if stack["StackStatus"] != f"{verb.upper()}_COMPLETE":
        raise ValueError(f"Embedded stack {stack_id} was not successfully {verb}d: {why}")
    return stack_id, {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in stack["Outputs"]}


def _create(logical_id, props, parent_name):
    return _deploy(f"{parent_name}-{logical_id}-{uuid4().hex[:12].upper()}", parent_name, props)


def _update(physical_id, _old_props, new_props, parent_name):
    return _deploy(provisioners._nested_stack_lookup_name(physical_id), parent_name, new_props)


def _delete(physical_id, _props):
    name = provisioners._nested_stack_lookup_name(physical_id)
    stack = cloudformation._stacks.get(name)
    if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
        return
    why = _run(stacks._delete_stack_async(name, stack["StackId"]), stack)
    if stack["StackStatus"] != "DELETE_COMPLETE":
        raise ValueError(f"Embedded stack {stack['StackId']} was not successfully deleted: {why}")


def install() -> None:
    # MiniStack runs the handlers of this type on a thread of their own, where no event loop runs yet.
    provisioners._RESOURCE_HANDLERS[TYPE] |= {"create": _create, "update": _update, "delete": _delete}
