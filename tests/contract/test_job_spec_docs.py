"""docs/job-spec.md has the fields, defaults and ranges that the code has, and no others; its examples are job specs."""

import json
import re
from dataclasses import MISSING, Field, fields
from typing import Any

import pytest
from scripts.job_spec_schema import DOCUMENT, tables

from poller.auth.flows import AUTHS
from poller.errors import JobRejected
from poller.paging.paginators import PAGINATORS, Auto
from poller.paging.response_action import ResponseAction
from poller.partitions import PARTITIONS
from poller.specs import planned
from poller.specs.incremental import Incremental
from poller.specs.model import JobSpec, RateLimit, Retry
from poller.specs.output import OUTPUTS, Jsonl
from poller.specs.parse import accept_job_spec, accept_source_spec, parse_job_spec
from tests.support.documents import blocks

SECTIONS = {
    part.split("\n", 1)[0]: part for part in re.split(r"^## ", DOCUMENT.read_text(), flags=re.M)[1:]
}  # fmt: skip
EXAMPLES = [(block.section, block.text) for block in blocks(DOCUMENT) if block.language == "json"]
PAGINATOR_SECTIONS = {name: f"Paginator {name}" for name in PAGINATORS}
AUTH_SECTIONS = {name: f"Auth {name}" for name in AUTHS}
OUTPUT_SECTIONS = {name: f"Output {name}" for name in OUTPUTS}
PARTITION_SECTIONS = {name: f"Partition {name}" for name in PARTITIONS}
DESCRIBED: dict[str, type] = (
    {"Fields": JobSpec, "Response actions": ResponseAction, "Retry": Retry}
    | {"Incremental": Incremental, "Rate limit": RateLimit}
    | {PAGINATOR_SECTIONS[name]: cls for name, cls in PAGINATORS.items()}
    | {AUTH_SECTIONS[name]: cls for name, cls in AUTHS.items()}
    | {OUTPUT_SECTIONS[name]: cls for name, cls in OUTPUTS.items() if cls.READERS}
    | {PARTITION_SECTIONS[name]: cls for name, cls in PARTITIONS.items()}
)
TABLES = tables(DOCUMENT)
URL = "https://api.example.com/"


def default_of(field: Field[Any]) -> str:
    if field.default is MISSING and field.default_factory is MISSING:
        return "required"
    value = field.default if field.default_factory is MISSING else field.default_factory()
    value = list(value) if isinstance(value, tuple) else value
    special = {None: "", Auto(): Auto.TYPE, Retry(): "below", Jsonl(): Jsonl.TYPE}
    if not isinstance(value, dict | list) and value in special:
        return special[value]
    return value if isinstance(value, str) else json.dumps(value)


def spec_with(section: str, name: str, value: object) -> dict[str, Any]:
    """A spec in which one field of that section has `value`."""
    if section == "Fields":
        return {"url": URL, name: value}
    if section == "Retry":
        return {"url": URL, "retry": {name: value}}
    if section == "Rate limit":
        return {"url": URL, "rate_limit": {"requests": 1, "seconds": 1, name: value}}
    if section == "Response actions":
        return {"url": URL, "response_actions": [{"action": "end", name: value}]}
    if section == "Incremental":
        return {
            "url": URL,
            "incremental": {"cursor_path": "at", "start_param": "since", "initial_value": 1, name: value},
        }
    if section.startswith("Auth "):
        required = {f.name: "orders" for f in fields(DESCRIBED[section]) if f.default is MISSING}
        return {"url": URL, "auth": {"type": section.removeprefix("Auth "), **required, name: value}}
    if section.startswith("Output "):
        return {"url": URL, "output": {"format": section.removeprefix("Output "), name: value}}
    if section.startswith("Partition "):
        return {"url": URL, "partitions": [{"type": section.removeprefix("Partition "), name: value}]}
    return {"url": URL, "paginator": {"type": section.removeprefix("Paginator "), name: value}}


@pytest.mark.parametrize("section", DESCRIBED)
def test_a_table_has_the_fields_of_the_code_in_their_order_with_their_defaults(section: str) -> None:
    cls = DESCRIBED[section]
    readers = getattr(cls, "READERS", None)  # what has none is not the caller's to set
    expected = [(field.name, default_of(field)) for field in fields(cls) if readers is None or field.name in readers]

    shown = [(name, default) for name, (default, _text) in TABLES[section].items()]

    assert shown == expected


@pytest.mark.parametrize("section", DESCRIBED)
def test_a_number_has_the_range_that_the_code_enforces(section: str) -> None:
    for name, (_default, text) in TABLES[section].items():
        with pytest.raises(JobRejected) as refused:
            parse_job_spec(spec_with(section, name, None if name == "initial_value" else -1))

        allowed = re.search(r"must be a (?:whole )?number from (\S+ to \S+)$", str(refused.value))
        assert allowed is None or allowed[1] in text, f"{name}: {refused.value}"


def test_every_paginator_has_a_section_and_no_other_has() -> None:
    shown = [section for section in SECTIONS if section.startswith("Paginator ")]

    assert shown == list(PAGINATOR_SECTIONS.values())


def test_every_auth_has_a_section_and_no_other_has() -> None:
    assert [section for section in SECTIONS if section.startswith("Auth ")] == list(AUTH_SECTIONS.values())


def test_every_kind_of_partition_has_a_section_and_no_other_has() -> None:
    assert [section for section in SECTIONS if section.startswith("Partition ")] == list(PARTITION_SECTIONS.values())


@pytest.mark.parametrize(("section", "example"), EXAMPLES)
def test_an_example_is_a_job_spec_that_is_accepted(section: str, example: str) -> None:
    spec = (accept_source_spec if section == "Incremental" else accept_job_spec)(json.loads(example))

    parts = {
        "Response actions": spec.response_actions,
        "Rate limit": spec.rate_limit,
        "Incremental": spec.incremental,
    }
    ways = {name for name, part in parts.items() if part} | {OUTPUT_SECTIONS[spec.output.TYPE]}
    ways |= {PAGINATOR_SECTIONS[spec.paginator.TYPE], AUTH_SECTIONS[spec.auth.TYPE] if spec.auth else None}
    ways |= {PARTITION_SECTIONS[partition.TYPE] for partition in spec.partitions}
    assert section in ways or not section


def test_every_paginator_every_auth_and_every_partition_has_an_example() -> None:
    sections = {*PAGINATOR_SECTIONS.values(), *AUTH_SECTIONS.values(), *PARTITION_SECTIONS.values()}

    assert {section for section, _ in EXAMPLES} >= sections


def test_what_is_not_there_yet_is_what_the_code_says_it_is() -> None:
    lines = re.findall(r"^- Fields of (?:a )?(\w+): (.*?)\.$", SECTIONS["Not there yet"], flags=re.M | re.S)

    shown = {title: set(re.findall(r"`(\w+)`", names)) for title, names in lines}

    assert shown == {prefix.rstrip(".") or "spec": set(names) for prefix, names in planned.FIELDS.items()}
