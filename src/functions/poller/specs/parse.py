"""From the JSON that a caller sent to a JobSpec, or to the one sentence that says what to change."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, replace
from typing import Any, TypeVar

from poller.auth.flows import AUTHS, Auth
from poller.credentials import is_credential
from poller.errors import JobRejected
from poller.paging.paginators import PAGINATORS, KnownPaginator, Paginator
from poller.paging.response_action import ResponseAction
from poller.partitions import PARTITIONS, Partition
from poller.readers import Reader, integer, kind_of, list_of_names, one_of, path_of, paths_of, percentage
from poller.specs import planned
from poller.specs.contradictions import refuse_contradictions, refuse_fixed_parameters, refuse_parameters_set_twice
from poller.specs.fields import api_url, client_token, http_method, job_name, json_body, query_params, request_headers
from poller.specs.incremental import INCREMENTAL_READERS, Incremental
from poller.specs.model import JobSpec, RateLimit, Retry
from poller.specs.output import OUTPUTS, Output
from poller.specs.stored import write_stored
from poller.text import counted, nearest, shown

MAX_SPEC_BYTES = 64 * 1024
"""Of a spec, as the job's row keeps it: a row has 400 KB, and answers and events repeat parts of the spec.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

T = TypeVar("T")


def parse_job_spec(raw: Any) -> JobSpec:
    """Check `raw` (a decoded JSON value) and return it as a JobSpec.

    Raises JobRejected naming the field, what is wrong with it and what is allowed.
    """
    if not isinstance(raw, dict):
        raise JobRejected(f'the job spec is {kind_of(raw)}; it must be an object such as {{"url": "https://…"}}')
    if "url" not in raw:
        raise JobRejected('url is missing; the smallest job spec is {"url": "https://…"}')
    spec = _build(JobSpec, "", raw, SPEC_READERS)
    refuse_contradictions(spec)
    return spec


def accept_job_spec(raw: Any) -> JobSpec:
    """`parse_job_spec` for a job that is yet to be stored: raises JobRejected for a large one, too, and for one that
    needs to know what an earlier job saw.
    """
    spec = _parse_small(raw)
    if spec.incremental is not None:
        raise JobRejected(
            "incremental is for sources, which remember how far their runs came: save the spec with "
            "'poller sources put NAME --spec FILE', or leave it out"
        )
    return spec


def accept_source_spec(raw: Any) -> JobSpec:
    """`accept_job_spec` for the runs of a source. Raises JobRejected for what would go wrong with the second one."""
    spec = _parse_small(raw)
    if spec.client_token is not None:
        raise JobRejected("client_token would let only the first run of a source do anything; leave it out")
    return spec


def _parse_small(raw: Any) -> JobSpec:
    spec = parse_job_spec(raw)
    refuse_large(spec)
    return spec


def _build(cls: type[T], prefix: str, raw: Mapping[str, Any], readers: Mapping[str, Reader]) -> T:
    """Read each given field with its reader. A field that `cls` does not have, or one that is missing, is refused."""
    allowed = [f.name for f in fields(cls) if f.name in readers]  # type: ignore[arg-type]  # T is a dataclass of ours
    for name in raw:
        if name not in allowed:
            raise JobRejected(_unknown(prefix, name, allowed), secret_sent=is_credential(name, str(raw[name])))
    for missing in (f.name for f in fields(cls) if is_required(f) and f.name not in raw):  # type: ignore[arg-type]
        raise JobRejected(f"{prefix}{missing} is missing; this {prefix.removesuffix('.')} needs it")
    optional = {f.name for f in fields(cls) if f.default is None}  # type: ignore[arg-type]
    given = {name: value for name, value in raw.items() if value is not None or name not in optional}
    return cls(**{name: readers[name](prefix + name, value) for name, value in given.items()})


def is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _unknown(prefix: str, name: str, allowed: list[str]) -> str:
    """What to say of a field that is none: whether it is planned, what may have been meant, and what there is."""
    if name in planned.FIELDS.get(prefix, ()):
        return f"{prefix}{name} is not there yet; leave it out"
    known = f"it has {', '.join(allowed)}" if allowed else "it takes no fields"
    elsewhere = {} if prefix else {n: f"{of}.{n}" for of, names in _NESTED.items() for n in names}
    meant = nearest(name, [*elsewhere, *allowed])
    hint = f"did you mean {elsewhere.get(meant, prefix + meant)}? I" if meant else "i"
    return f"{prefix}{shown(name)} is not a field of {prefix.removesuffix('.') or 'the job spec'}; {hint}{known[1:]}"


def _retry(field: str, value: Any) -> Retry:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object")
    return _build(Retry, f"{field}.", value, RETRY_READERS)


def _rate_limit(field: str, value: Any) -> RateLimit:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object with requests and seconds")
    return _build(RateLimit, f"{field}.", value, RATE_LIMIT_READERS)


def _response_actions(field: str, value: Any) -> tuple[ResponseAction, ...]:
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a list of objects with an action")
    return tuple(_response_action(f"{field}[{index}]", item) for index, item in enumerate(value))


def _response_action(field: str, value: Any) -> ResponseAction:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object with an action")
    action = _build(ResponseAction, f"{field}.", value, ResponseAction.READERS)
    if action.is_of_every_answer:
        raise JobRejected(f"{field} would be for every answer; set status_code, content or when")
    return action


def _incremental(field: str, value: Any) -> Incremental:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object")
    return _build(Incremental, f"{field}.", value, INCREMENTAL_READERS)


def _paginator(field: str, value: Any) -> Paginator:
    raw = {"type": value} if isinstance(value, str) else value
    allowed = ", ".join(PAGINATORS)
    if not isinstance(raw, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object with a type: {allowed}")
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in PAGINATORS:
        meant = nearest(kind, PAGINATORS) if isinstance(kind, str) else None
        raise JobRejected(f"{field}.type must be one of {allowed}{f'; did you mean {meant}?' if meant else ''}")
    rest = {name: item for name, item in raw.items() if name != "type"}
    return _build(PAGINATORS[kind], f"{field}.", rest, PAGINATORS[kind].READERS)


def _auth(field: str, value: Any) -> Auth:
    return _of_kind(field, value, AUTHS)


def _partitions(field: str, value: Any) -> tuple[Partition, ...]:
    allowed = ", ".join(PARTITIONS)
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a list of objects with a type: {allowed}")
    return tuple(_of_kind(f"{field}[{index}]", item, PARTITIONS) for index, item in enumerate(value))


def _of_kind(field: str, value: Any, kinds: Mapping[str, type[T]]) -> T:
    """An object whose `type` says which class of ours it is."""
    allowed = ", ".join(kinds)
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object with a type: {allowed}")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        raise JobRejected(f"{field}.type must be one of {allowed}")
    cls = kinds[kind]
    rest = {name: item for name, item in value.items() if name != "type"}
    return _build(cls, f"{field}.", rest, cls.READERS)  # type: ignore[attr-defined]  # each kind has them


def _output(field: str, value: Any) -> Output:
    raw = {"format": value} if isinstance(value, str) else value
    allowed = ", ".join(OUTPUTS)
    if not isinstance(raw, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object with a format: {allowed}")
    kind = raw.get("format")
    if kind == "parquet":
        raise JobRejected(
            f"{field}.format parquet is not offered; DuckDB makes Parquet of a dataset in one line (docs/job-spec.md, "
            f"Output). {field}.format must be one of {allowed}"
        )
    if not isinstance(kind, str) or kind not in OUTPUTS:
        raise JobRejected(f"{field}.format must be one of {allowed}")
    cls = OUTPUTS[kind]
    return _build(cls, f"{field}.", {name: item for name, item in raw.items() if name != "format"}, cls.READERS)


def refuse_large(spec: JobSpec) -> None:
    """Raise JobRejected if `spec` takes more bytes than a job's row keeps of it."""
    size = len(write_stored(spec))
    if size > MAX_SPEC_BYTES:
        raise JobRejected(
            f"the job spec takes {counted(size, 'byte')} to store, and may take {MAX_SPEC_BYTES:,}; "
            "shorten its url, params, headers, json, data_selector, paginator or partitions"
        )


def with_paginator(spec: JobSpec, found: KnownPaginator) -> JobSpec:
    """`spec` with the paginator that `auto` found. Raises JobRejected where the two do not fit."""
    resolved = replace(spec, paginator=found)
    refuse_fixed_parameters(resolved)
    refuse_parameters_set_twice(resolved)
    return resolved


RETRY_READERS: dict[str, Reader] = {
    "max_attempts": integer(1, 20),
    "max_delay_seconds": integer(0, 3600),
    "retry_after_headers": list_of_names,
}
RATE_LIMIT_READERS: dict[str, Reader] = {
    "requests": integer(1, 1_000_000),
    "seconds": integer(1, 86_400),
    "name": job_name,
}
SPEC_READERS: dict[str, Reader] = {
    "url": api_url,
    "name": job_name,
    "method": http_method,
    "params": query_params,
    "headers": request_headers,
    "json": json_body,
    "auth": _auth,
    "data_selector": path_of,
    "primary_key": paths_of,
    "paginator": _paginator,
    "partitions": _partitions,
    "response_actions": _response_actions,
    "incremental": _incremental,
    "retry": _retry,
    "rate_limit": _rate_limit,
    "max_concurrency": integer(1, 1000),
    "maximum_pages": integer(1, 10_000_000),
    "deadline_seconds": integer(60, 14 * 86_400),
    "tolerated_failure_percentage": percentage,
    "on_total_mismatch": one_of("partial", "accept"),
    "output": _output,
    "client_token": client_token,
}
_NESTED = {
    "paginator": {name for paginator in PAGINATORS.values() for name in paginator.READERS},
    "retry": set(RETRY_READERS),
    "rate_limit": {"requests", "seconds"},
    "incremental": set(INCREMENTAL_READERS) - {"cursor_path"},
}
"""Fields that are looked for on the outside when they are not found there."""
