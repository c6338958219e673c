"""The schema of a job spec: its objects, what is required, what nothing is, and defaults."""

from typing import Any

import pytest

from poller.auth.flows import AUTHS
from poller.paging.paginators import PAGINATORS
from poller.partitions import PARTITIONS
from poller.specs import schema as of_specs
from poller.specs.output import OUTPUTS
from poller.specs.schema import job_spec_schema


def field(path: str, name: str) -> Any:
    schema = job_spec_schema()
    return (schema["$defs"][path] if path else schema)["properties"][name]


def test_a_spec_is_an_object_that_needs_a_url_and_has_no_other_fields() -> None:
    schema = job_spec_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["title"], schema["type"], schema["required"]) == ("Job spec", "object", ["url"])
    assert schema["additionalProperties"] is False
    assert list(schema["properties"])[:3] == ["url", "name", "method"]


def test_each_kind_of_paginator_auth_and_partition_has_a_part_with_its_type_and_what_it_requires() -> None:
    parts = job_spec_schema()["$defs"]

    kinds = {"paginator": PAGINATORS, "auth": AUTHS, "partition": PARTITIONS}
    ways = [f"{way}.{name}" for way, names in kinds.items() for name in names]
    assert list(parts) == [
        "retry",
        "incremental",
        *ways,
        "response_actions",
        *(f"output.{name}" for name in OUTPUTS),
        "rate_limit",
    ]
    assert parts["paginator.auto"] == {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"const": "auto"}},
        "additionalProperties": False,
    }
    assert parts["paginator.header_cursor"]["required"] == ["type", "cursor_header", "cursor_param"]
    assert parts["auth.bearer"]["required"] == ["type", "secret"]
    assert "required" not in parts["retry"]


def test_an_output_has_a_format_that_says_which_it_is() -> None:
    part = job_spec_schema()["$defs"]["output.csv"]

    assert (part["required"], part["properties"]["format"]) == (["format"], {"const": "csv"})
    assert list(part["properties"]) == ["format", "columns"]
    assert field("", "output")["anyOf"][0] == {"enum": ["jsonl", "csv"]}
    assert field("", "output")["default"] == "jsonl"


def test_a_paginator_is_one_of_them_or_the_name_of_one_that_requires_nothing() -> None:
    named, *objects = field("", "paginator")["anyOf"]

    assert named == {"enum": ["auto", "single_page", "offset", "page_number", "header_link"]}
    assert objects == [{"$ref": f"#/$defs/paginator.{name}"} for name in PAGINATORS]
    assert field("", "auth") == {"anyOf": [*({"$ref": f"#/$defs/auth.{name}"} for name in AUTHS), {"type": "null"}]}


@pytest.mark.parametrize(
    ("part", "name", "expected"),
    [
        ("", "method", {"enum": ["GET", "POST"], "default": "GET"}),
        ("", "json", {}),
        ("", "data_selector", {"type": ["string", "null"], "minLength": 1}),
        ("", "max_concurrency", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}),
        ("paginator.offset", "limit", {"type": ["integer", "null"], "minimum": 1, "maximum": 1_000_000}),
        ("paginator.offset", "limit_param", {"type": "string", "minLength": 1, "default": "limit"}),
        ("paginator.cursor", "stop_on_empty", {"type": "boolean", "default": False}),
        ("paginator.cursor", "cursor_path", {"type": "string", "minLength": 1}),
        (
            "paginator.cursor",
            "has_more_when",
            {"anyOf": [{"type": "string", "minLength": 1}, {"type": ["number", "boolean"]}, {"type": "null"}]},
        ),
        ("paginator.json_link", "allowed_origins",
         {"type": "array", "items": {"type": "string", "minLength": 1}, "default": []}),
        ("auth.api_key", "location", {"enum": ["header", "query"], "default": "header"}),
        ("auth.oauth2_client_credentials", "token_params",
         {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}, "default": {}}),
    ],
)  # fmt: skip
def test_a_field_has_the_shape_that_its_reader_takes(part: str, name: str, expected: dict[str, Any]) -> None:
    assert field(part, name) == expected


def test_what_a_field_holds_without_being_given_is_said_as_a_spec_would_say_it() -> None:
    assert field("", "paginator")["default"] == "auto"
    assert field("", "retry")["default"]["max_attempts"] == 6
    assert field("", "retry")["default"]["retry_after_headers"][0] == "Retry-After"
    assert "default" not in field("", "url")


def test_a_field_whose_reader_has_no_schema_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(of_specs.RETRY_READERS, "max_attempts", repr)

    with pytest.raises(LookupError, match=r"^retry\.max_attempts has a reader without a schema: add <built-in .* repr"):
        job_spec_schema()


def test_a_choice_may_be_null_where_nothing_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(of_specs.SPEC_READERS, "client_token", of_specs.SPEC_READERS["on_total_mismatch"])

    assert field("", "client_token") == {"anyOf": [{"enum": ["partial", "accept"]}, {"type": "null"}]}
