"""What the fields of a spec may not be together."""

from dataclasses import fields
from urllib.parse import parse_qsl, urlsplit

from poller.auth.place import QUERY
from poller.errors import JobRejected
from poller.paging.body_path import with_values
from poller.paging.paginators import ChainPaginator
from poller.specs.incremental import refuse_shared
from poller.specs.model import JobSpec
from poller.specs.partitioned import an_example, refuse_misused_partitions
from poller.text import shown


def refuse_contradictions(spec: JobSpec) -> None:
    """Raise JobRejected where fields of a spec exclude each other."""
    if said := spec.paginator.contradiction():
        raise JobRejected(said)
    refuse_misused_partitions(spec)
    asked = an_example(spec)
    if spec.auth and spec.auth.place.is_taken(asked.url, asked.params, asked.headers):
        raise JobRejected(
            f"{shown(spec.auth.place.name)} is set in url, params or headers, and auth sets it; leave it out"
        )
    _refuse_body(spec)
    refuse_fixed_parameters(asked)
    by_partitions = dict.fromkeys((name for name, _ in _fixed_pairs(asked)), "partitions")
    refuse_parameters_set_twice(spec, by_partitions | {name: "url or params" for name, _ in _fixed_pairs(spec)})


def _refuse_body(spec: JobSpec) -> None:
    """Raise JobRejected where what is to be sent in a body has no place."""
    paths = spec.paginator.body_paths
    sent = ["json"] * (spec.json is not None) + [f"paginator.{field}" for field in paths]
    if sent and spec.method != "POST":
        raise JobRejected(f"{sent[0]} is sent in the body of a request, and {spec.method} has none; set method to POST")
    if paths:
        with_values(spec.json, dict.fromkeys(paths.values()))


def refuse_fixed_parameters(spec: JobSpec) -> None:
    """Raise JobRejected if `spec` fixes a query parameter that its paginator has to vary; not at what the first page
    asks for, as in an address that was copied from a browser."""
    if isinstance(spec.paginator, ChainPaginator):
        return  # a walk may begin at any cursor
    first = spec.paginator.change(0, None).params
    for field, param in spec.paginator.page_params.items():
        if any(name == param and value != first.get(param) for name, value in _fixed_pairs(spec)):
            raise JobRejected(f"{param} is set in url or params, but paginator.{field} changes it page by page")


def refuse_parameters_set_twice(spec: JobSpec, fixed: dict[str, str] | None = None) -> None:
    """Raise JobRejected if a parameter that runs of a source set is set by something else, too: by another field, or
    among the `fixed` ones, which say by what, by their names."""
    if spec.incremental:
        refuse_shared(spec.incremental, _parameters(spec) | (fixed or {}))


def _fixed_pairs(spec: JobSpec) -> list[tuple[str, str | list[str]]]:
    """The query parameters that are the same for every page."""
    return [*spec.params.items(), *parse_qsl(urlsplit(spec.url).query, keep_blank_values=True)]


def _parameters(spec: JobSpec) -> dict[str, str]:
    """The query parameters that other fields of the spec set, and which those are."""
    names = [f.name for f in fields(spec.paginator) if f.name.endswith("_param")]
    found = {param: f"paginator.{name}" for name in names if (param := getattr(spec.paginator, name))}
    is_query = spec.auth is not None and spec.auth.place.location == QUERY
    return found | ({spec.auth.place.name: "auth"} if spec.auth is not None and is_query else {})
