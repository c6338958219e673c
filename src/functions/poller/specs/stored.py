"""A spec as the job's row keeps it: written once, and read back as it was written.

The rules for callers stay outside: a rule that a newer release brings says nothing of jobs that an older one accepted.
"""

import json
from dataclasses import asdict
from typing import Any

from poller.auth.flows import AUTHS
from poller.paging.paginators import PAGINATORS, Paginator
from poller.paging.response_action import ResponseAction
from poller.partitions import PARTITIONS
from poller.specs.incremental import Incremental
from poller.specs.model import JobSpec, RateLimit, Retry
from poller.specs.output import OUTPUTS


def spec_to_dict(spec: JobSpec) -> dict[str, Any]:
    """JSON-ready data, in the form in which callers write specs."""
    data = asdict(spec)
    data["paginator"] = paginator_to_dict(spec.paginator)
    if spec.auth is not None:
        data["auth"] = {"type": spec.auth.TYPE, **{name: _listed(value) for name, value in data["auth"].items()}}
    output = {name: _listed(value) for name, value in data["output"].items()}
    data["output"] = {"format": spec.output.TYPE, **{k: v for k, v in output.items() if v not in (None, [])}}
    data["partitions"] = [
        {"type": part.TYPE, **{name: _listed(value) for name, value in given.items() if value is not None}}
        for part, given in zip(spec.partitions, data["partitions"], strict=True)
    ] or None
    data["retry"]["retry_after_headers"] = list(spec.retry.retry_after_headers)
    actions = [{name: item for name, item in action.items() if item is not None} for action in data["response_actions"]]
    data["response_actions"] = actions or None
    if spec.rate_limit is not None:
        data["rate_limit"] = {name: value for name, value in data["rate_limit"].items() if value is not None}
    return {name: value for name, value in data.items() if value is not None}


def paginator_to_dict(paginator: Paginator) -> dict[str, Any]:
    fields = {name: _listed(value) for name, value in asdict(paginator).items()}
    return {"type": paginator.TYPE, **{name: value for name, value in fields.items() if value not in (None, [])}}


def paginator_of(data: dict[str, Any]) -> Paginator:
    """What `paginator_to_dict` was given."""
    given = {name: _tupled(value) for name, value in data.items() if name != "type"}
    return PAGINATORS[data["type"]](**given)


def write_stored(spec: JobSpec) -> str:
    return json.dumps(spec_to_dict(spec))


def read_stored(text: str) -> JobSpec:
    """What `write_stored` was given. Raises KeyError, TypeError or ValueError for what no release has written."""
    data = json.loads(text)
    paginator, retry, key = data.pop("paginator"), data.pop("retry"), data.pop("primary_key", None)
    actions, limit = data.pop("response_actions", ()), data.pop("rate_limit", None)
    incremental = data.pop("incremental", None)
    auth = {name: _tupled(value) for name, value in (data.pop("auth", None) or {}).items()}
    output = {name: _tupled(value) for name, value in data.pop("output", {"format": "jsonl"}).items()}
    partitions = [{name: _tupled(value) for name, value in given.items()} for given in data.pop("partitions", [])]
    return JobSpec(
        **data,
        output=OUTPUTS[output.pop("format")](**output),
        auth=AUTHS[auth.pop("type")](**auth) if auth else None,
        primary_key=tuple(key) if key else None,
        rate_limit=RateLimit(**limit) if limit else None,
        response_actions=tuple(ResponseAction(**action) for action in actions),
        paginator=paginator_of(paginator),
        partitions=tuple(PARTITIONS[given.pop("type")](**given) for given in partitions),
        incremental=Incremental(**incremental) if incremental else None,
        retry=Retry(**{**retry, "retry_after_headers": tuple(retry["retry_after_headers"])}),
    )


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
