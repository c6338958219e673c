"""A spec as the job's row keeps it: written once, and read back as it was written.

The rules for callers stay outside: a rule that a newer release brings says nothing of jobs that an older one accepted.
"""

import json
from dataclasses import asdict
from typing import Any

from poller.auth.flows import AUTHS
from poller.paging.paginators import PAGINATORS
from poller.paging.response_action import ResponseAction
from poller.specs.model import JobSpec, Retry
from poller.specs.output import OUTPUTS


def spec_to_dict(spec: JobSpec) -> dict[str, Any]:
    """JSON-ready data, in the form in which callers write specs."""
    data = asdict(spec)
    fields = {name: _listed(value) for name, value in data["paginator"].items()}
    data["paginator"] = {"type": spec.paginator.TYPE, **{k: v for k, v in fields.items() if v not in (None, [])}}
    if spec.auth is not None:
        data["auth"] = {"type": spec.auth.TYPE, **{name: _listed(value) for name, value in data["auth"].items()}}
    output = {name: _listed(value) for name, value in data["output"].items()}
    data["output"] = {"format": spec.output.TYPE, **{k: v for k, v in output.items() if v not in (None, [])}}
    data["retry"]["retry_after_headers"] = list(spec.retry.retry_after_headers)
    actions = [{name: item for name, item in action.items() if item is not None} for action in data["response_actions"]]
    data["response_actions"] = actions or None
    return {name: value for name, value in data.items() if value is not None}


def write_stored(spec: JobSpec) -> str:
    return json.dumps(spec_to_dict(spec))


def read_stored(text: str) -> JobSpec:
    """What `write_stored` was given. Raises KeyError, TypeError or ValueError for what no release has written."""
    data = json.loads(text)
    paginator, retry, key = data.pop("paginator"), data.pop("retry"), data.pop("primary_key", None)
    paginator = {name: _tupled(value) for name, value in paginator.items()}
    actions = data.pop("response_actions", ())
    auth = {name: _tupled(value) for name, value in (data.pop("auth", None) or {}).items()}
    output = {name: _tupled(value) for name, value in data.pop("output", {"format": "jsonl"}).items()}
    return JobSpec(
        **data,
        output=OUTPUTS[output.pop("format")](**output),
        auth=AUTHS[auth.pop("type")](**auth) if auth else None,
        primary_key=tuple(key) if key else None,
        response_actions=tuple(ResponseAction(**action) for action in actions),
        paginator=PAGINATORS[paginator.pop("type")](**paginator),
        retry=Retry(**{**retry, "retry_after_headers": tuple(retry["retry_after_headers"])}),
    )


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
