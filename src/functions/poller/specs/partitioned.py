"""A spec with partitions: what is wrong with their names, and what the spec is for one of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import product
from math import prod
from urllib.parse import parse_qsl, urlsplit

from poller.errors import JobRejected
from poller.partitions.placeholders import fill_header, fill_json, fill_text, fill_url, names_in, outside_path_and_query
from poller.partitions.values import MAX_PARTITIONS, Values, as_text
from poller.partitions.window import WindowPartition
from poller.specs.model import JobSpec, Params
from poller.text import nearest, shown


def in_partition(spec: JobSpec, values: Values) -> JobSpec:
    """What is asked for in the partition with these values. Raises JobRejected where one cannot be sent."""
    sent = {name: as_text(values[name]) for name in _sent(spec) if name in values}
    params: Params = {
        name: [fill_text(text, values) for text in given] if isinstance(given, list) else fill_text(given, values)
        for name, given in spec.params.items()
    }
    return replace(
        spec,
        url=fill_url(spec.url, values),
        params={**params, **sent},
        headers={name: fill_header(name, text, values) for name, text in spec.headers.items()},
        json=fill_json(spec.json, values),
        partitions=(),
    )


def all_values(spec: JobSpec, now: datetime) -> Iterator[Values]:
    """The values of each partition, in order: every value of the first with every value of the second, and so on."""
    for parts in product(*(list(partition.all_values(now)) for partition in spec.partitions)):
        yield {name: value for part in parts for name, value in part.items()}


def count_partitions(spec: JobSpec, now: datetime | None) -> int | None:
    """How many there are; None where that depends on the time. Raises JobRejected where they are too many, or none."""
    counts = [partition.count(now) for partition in spec.partitions]
    known = [count for count in counts if count is not None]
    if (count := prod(known)) > MAX_PARTITIONS:
        raise JobRejected(f"partitions make {count:,}, and a job has {MAX_PARTITIONS:,} at most; make several jobs")
    if not count:
        raise JobRejected("partitions make no window: start is not over yet")
    return count if len(known) == len(counts) else None


def halves_of(spec: JobSpec, values: Values) -> tuple[Values, ...]:
    """The values of both halves of a partition whose window can be halved; none where it has no such."""
    window = next((part for part in spec.partitions if isinstance(part, WindowPartition)), None)
    return tuple({**values, **half} for half in window.halves(values)) if window else ()


def most_records(spec: JobSpec) -> int | None:
    """How many records a window may not reach; None where none is halved."""
    return next((part.most_records for part in spec.partitions if isinstance(part, WindowPartition)), None)


def an_example(spec: JobSpec) -> JobSpec:
    """What is asked for in one of the partitions, or in all where there are none."""
    return in_partition(spec, {name: item for part in spec.partitions for name, item in next(part.examples()).items()})


def refuse_misused_partitions(spec: JobSpec) -> None:
    """Raise JobRejected where partitions contradict themselves, each other, or what they are to be put in."""
    if not spec.partitions:
        return
    names = _names(spec)
    _refuse_unknown_names(spec, names)
    given = {*spec.params, *(name for name, _ in parse_qsl(urlsplit(spec.url).query, keep_blank_values=True))}
    if taken := next((name for name in _sent(spec) if name in given), None):
        raise JobRejected(f"{shown(taken)} is set in url or params, and a window of partitions sets it; leave it out")
    for values in (values for partition in spec.partitions for values in partition.examples()):
        in_partition(spec, values)
    count_partitions(spec, None)


def _sent(spec: JobSpec) -> list[str]:
    """The names that are sent as query parameters: those of windows that stand nowhere between braces."""
    named = names_in([spec.url, spec.params, spec.headers, spec.json])
    return [name for part in spec.partitions if part.IS_SENT for name in part.names if name not in named]


def _names(spec: JobSpec) -> list[str]:
    names: list[str] = []
    for index, partition in enumerate(spec.partitions):
        try:
            said = partition.contradiction()
        except JobRejected as error:
            error.retell(f"partitions[{index}].{error.message}")
            raise
        if said:
            raise JobRejected(f"partitions[{index}]: {said}")
        for name in partition.names:
            if name in names:
                raise JobRejected(f"partitions[{index}] gives values for {name}, as another one does; rename one")
            names.append(name)
    if sum(isinstance(partition, WindowPartition) for partition in spec.partitions) > 1:
        raise JobRejected("partitions has several windows, and a job takes one; list what else splits it")
    return names


def _refuse_unknown_names(spec: JobSpec, names: list[str]) -> None:
    """In `json`, braces may be anything: GraphQL has them. So only a name that is used nowhere is seen there."""
    if outside_path_and_query(spec.url):
        raise JobRejected("url may have a partition's {name} in its path and its query only, not in its host")
    used = {"url": names_in(spec.url), "params": names_in(spec.params), "headers": names_in(spec.headers)}
    for field, found in used.items():
        for name in sorted(found - set(names)):
            meant = nearest(name, names)
            hint = f"did you mean {{{meant}}}?" if meant else f"there are {', '.join(names)}"
            raise JobRejected(f"{field} has {{{shown(name)}}}, and no partition has that name; {hint}")
    everywhere = names_in(spec.json).union(*used.values())
    sent = _sent(spec)
    for name in names:
        if name not in everywhere and name not in sent:
            raise JobRejected(f"the partition {name} is used nowhere; write {{{name}}} in url, params, headers or json")
