"""The CloudFormation type AWS::Events::Archive.

AWS: ArchiveName and SourceArn are create-only; Description, EventPattern, RetentionDays and
KmsKeyIdentifier update in place. Ref is the archive's name, Fn::GetAtt Arn its ARN.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-archive.html

MiniStack has the archive itself (CreateArchive and the others) but not the type, and refuses the
template. Here the type is registered on top of its own API functions.
"""

import json
from typing import Any

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

TYPE = "AWS::Events::Archive"


def _request(name: str, props: dict[str, Any]) -> dict[str, Any]:
    pattern = props.get("EventPattern", "")
    return {
        "ArchiveName": name,
        "Description": props.get("Description", ""),
        "EventPattern": json.dumps(pattern) if isinstance(pattern, dict) else pattern,
        "RetentionDays": int(props.get("RetentionDays", 0)),
        "KmsKeyIdentifier": props.get("KmsKeyIdentifier", ""),
    }


def _attributes(answer: tuple[int, dict[str, str], bytes]) -> dict[str, str]:
    status, _, body = answer
    if status >= 400:
        raise ValueError(f"{TYPE}: {json.loads(body)['message']}")
    return {"Arn": json.loads(body)["ArchiveArn"]}


def create(logical_id, props, stack_name):
    # An archive's name has at most 48 characters.
    name = props.get("ArchiveName") or provisioners._physical_name(stack_name, logical_id, max_len=48)
    request = {**_request(name, props), "EventSourceArn": props["SourceArn"]}
    return name, _attributes(eventbridge._create_archive(request))


def update(physical_id, old_props, new_props, stack_name, logical_id):
    create_only = ("ArchiveName", "SourceArn")
    if any(old_props.get(key) != new_props.get(key) for key in create_only):
        replacement = create(logical_id, new_props, stack_name)
        delete(physical_id, old_props)
        return replacement
    return physical_id, _attributes(eventbridge._update_archive(_request(physical_id, new_props)))


def delete(physical_id, _props):
    eventbridge._delete_archive({"ArchiveName": physical_id})


def install() -> None:
    provisioners._RESOURCE_HANDLERS[TYPE] = {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": delete,
    }
