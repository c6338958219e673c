"""Permissions for a schedule name the group that it is in.

AWS: the ARN of a schedule is ``schedule/GROUP/NAME``; the group is in the body of CreateSchedule and UpdateSchedule,
and in the query of GetSchedule and DeleteSchedule, and is ``default`` where neither says so.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteSchedule.html

MiniStack asks whether a caller may do something with ``schedule/default/NAME``, whatever the group, so that a role
for the schedules of one group can do nothing. Here the function that finds a request's resource is wrapped.
"""

import json

from ministack.core import iam_actions

_DEFAULT = ":schedule/default/"


def _group(body: bytes, query_params: dict[str, object]) -> str:
    asked = query_params.get("groupName")
    if asked:
        return str(asked[0] if isinstance(asked, list) else asked)
    try:
        return str(json.loads(body).get("GroupName") or "default")
    except (AttributeError, ValueError):
        return "default"  # not what Scheduler takes: its own validation says so


def install() -> None:
    extract_resource_arn = iam_actions.extract_resource_arn

    def with_group(service, *request):
        arn = extract_resource_arn(service, *request)
        if service == "scheduler" and _DEFAULT in arn:
            _method, _path, _headers, body, query_params, *_ = request
            return arn.replace(_DEFAULT, f":schedule/{_group(body, query_params)}/")
        return arn

    iam_actions.extract_resource_arn = with_group
