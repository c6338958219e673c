"""api/job-spec.schema.json says what the code takes, and the OpenAPI file the same in the words of OpenAPI 3.0."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scripts.job_spec_schema import FILE, described, written

from poller.errors import JobRejected
from poller.specs.parse import parse_job_spec
from tests.support.documents import blocks
from tests.support.from_schema import ANY_JSON, PLAIN, values
from tests.support.openapi import rendered
from tests.support.template import ROOT

SCHEMA = json.loads(FILE.read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
OPENAPI = rendered("PollerHttpApi")["components"]["schemas"]
EXAMPLES = [
    json.loads(block.text)
    for document in sorted((ROOT / "docs").rglob("*.md"))
    for block in blocks(document)
    if block.language == "json" and '"url"' in block.text
]
# What a reader says of a value whose shape is wrong, which is what a schema is for.
OF_SHAPE = re.compile(
    r" is not a field of | is missing; | is an? (object|list|string|number|boolean); it must be | is null; |"
    r" is empty; | must be one of | must be GET or POST| must be a (whole )?number from "
)
WAYS = {"Paginator": "paginator.", "Auth": "auth.", "Output": "output."}
TAGS = {"Paginator": "type", "Auth": "type", "Output": "format"}
"""What says of which kind an object is."""
slow = settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)


def said_of(spec: Any) -> str:
    """Why the code refuses `spec`; "" if it does not."""
    try:
        parse_job_spec(spec)
    except JobRejected as refused:
        return refused.message
    return ""


def test_the_file_is_what_the_code_and_its_document_say() -> None:
    assert FILE.read_text() == written(described()), "run `make schema`"


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_field_has_a_description() -> None:
    parts = {"": SCHEMA, **SCHEMA["$defs"]}

    silent = [
        f"{part}.{name}"
        for part, content in parts.items()
        for name, field in content["properties"].items()
        if "description" not in field and name not in TAGS.values()
    ]

    assert not silent


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_documents_is_valid(example: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(example)] == []


@given(values(SCHEMA, SCHEMA))
@slow
def test_what_the_schema_allows_is_refused_for_more_than_its_shape(spec: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(spec)

    assert not OF_SHAPE.search(said_of(spec))


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """An example of the documents in which one value is another, or one more field is there."""
    spec = deepcopy(draw(st.sampled_from(EXAMPLES)))
    places = list(_places(spec))
    holder, key = draw(st.sampled_from(places))
    if draw(st.booleans()):
        holder[key] = draw(PLAIN | ANY_JSON)
    elif isinstance(holder, dict):
        holder[draw(st.text(max_size=5) | st.sampled_from(sorted(SCHEMA["properties"])))] = draw(ANY_JSON)
    return spec


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, inner in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


@given(changed())
@slow
def test_what_the_code_takes_the_schema_allows(spec: dict[str, Any]) -> None:
    assume(not said_of(spec))

    assert [error.message for error in VALIDATOR.iter_errors(spec)] == []


def flat(prefix: str) -> dict[str, list[dict[str, Any]]]:
    """By field: its schemas in all the kinds that there are of such an object."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, part in SCHEMA["$defs"].items():
        if name.startswith(prefix):
            for field, schema in part["properties"].items():
                found.setdefault(field, []).append(schema)
    return found


def bounds(schema: dict[str, Any]) -> dict[str, Any]:
    kept = ("minimum", "maximum", "minLength", "maxLength", "pattern", "enum", "uniqueItems", "minItems")
    return {key: schema[key] for key in kept if key in schema}


def loose(schema: dict[str, Any]) -> dict[str, Any]:
    """Its bounds that matter to who generates a client: texts of OpenAPI need not say that they are not empty."""
    return {key: bound for key, bound in bounds(schema).items() if (key, bound) != ("minLength", 1)}


def test_openapi_has_the_fields_of_a_spec() -> None:
    assert set(OPENAPI["JobSpec"]["properties"]) == set(SCHEMA["properties"])
    assert OPENAPI["JobSpec"]["required"] == SCHEMA["required"]
    assert set(OPENAPI["JobSpec"]["properties"]["retry"]["properties"]) == set(SCHEMA["$defs"]["retry"]["properties"])


@pytest.mark.parametrize("name", WAYS)
def test_openapi_has_the_fields_of_all_kinds_in_one(name: str) -> None:
    fields = flat(WAYS[name])

    assert set(OPENAPI[name]["properties"]) == set(fields)
    assert OPENAPI[name]["properties"][TAGS[name]]["enum"] == [schema["const"] for schema in fields[TAGS[name]]]


def test_openapi_has_the_same_bounds() -> None:
    pairs = [(name, OPENAPI["JobSpec"]["properties"][name], schema) for name, schema in SCHEMA["properties"].items()]
    pairs += [
        (f"{name}.{field}", OPENAPI[name]["properties"][field], schemas[0])
        for name, prefix in WAYS.items()
        for field, schemas in flat(prefix).items()
        if field != TAGS[name]
    ]

    differing = {
        name: (loose(here), loose(there))
        for name, here, there in pairs
        if loose(here) != loose(there) and "anyOf" not in there and "pattern" not in there
    }

    assert not differing
