"""A spec with partitions: what is wrong with their names, and what the spec is for one of them."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod

from poller.errors import JobRejected
from poller.partitions.placeholders import fill_header, fill_json, fill_text, fill_url, names_in, outside_path_and_query
from poller.partitions.values import MAX_PARTITIONS, Values
from poller.specs.model import JobSpec
from poller.text import nearest, shown


def in_partition(spec: JobSpec, values: Values) -> JobSpec:
    """What is asked for in the partition with these values. Raises JobRejected where one cannot be sent."""
    return replace(
        spec,
        url=fill_url(spec.url, values),
        params={
            name: [fill_text(text, values) for text in given] if isinstance(given, list) else fill_text(given, values)
            for name, given in spec.params.items()
        },
        headers={name: fill_header(name, text, values) for name, text in spec.headers.items()},
        json=fill_json(spec.json, values),
        partitions=(),
    )


def all_values(spec: JobSpec) -> Iterator[Values]:
    """The values of each partition, in order: every value of the first with every value of the second, and so on."""
    for parts in product(*spec.partitions):
        yield {name: value for part in parts for name, value in part.items()}


def refuse_misused_partitions(spec: JobSpec) -> None:
    """Raise JobRejected where partitions contradict themselves, each other, or what they are to be put in."""
    if not spec.partitions:
        return
    names = _names(spec)
    _refuse_unknown_names(spec, names)
    for values in (values for partition in spec.partitions for values in partition):
        in_partition(spec, values)
    count = prod(len(partition) for partition in spec.partitions)
    if count > MAX_PARTITIONS:
        raise JobRejected(f"partitions make {count:,}, and a job has {MAX_PARTITIONS:,} at most; make several jobs")


def _names(spec: JobSpec) -> list[str]:
    names: list[str] = []
    for index, partition in enumerate(spec.partitions):
        if said := partition.contradiction():
            raise JobRejected(f"partitions[{index}]: {said}")
        for name in partition.names:
            if name in names:
                raise JobRejected(f"partitions[{index}] gives values for {name}, as another one does; rename one")
            names.append(name)
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
    for name in names:
        if name not in everywhere:
            raise JobRejected(f"the partition {name} is used nowhere; write {{{name}}} in url, params, headers or json")
