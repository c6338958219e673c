"""Values that a JSON Schema allows, for the keywords that ours uses."""

from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]
Values = st.SearchStrategy[Any]

_NUMBERS = {"allow_nan": False, "allow_infinity": False}
PLAIN: Values = st.none() | st.booleans() | st.integers() | st.floats(**_NUMBERS) | st.text()
ANY_JSON: Values = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def values(schema: Schema, root: Schema) -> Values:
    """`root` is the document that references are about."""
    if "$ref" in schema:
        return values(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema:
        return st.one_of([values(part, root) for part in schema["anyOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    kinds = schema.get("type", [])
    if isinstance(kinds, list):
        return st.one_of([values(schema | {"type": kind}, root) for kind in kinds]) if kinds else ANY_JSON
    return _of_kind(kinds, schema, root)


def _of_kind(kind: str, schema: Schema, root: Schema) -> Values:
    bounds = schema.get("minimum"), schema.get("maximum")
    match kind:
        case "object":
            return _objects(schema, root)
        case "array":
            items, unique = values(schema["items"], root), schema.get("uniqueItems", False)
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=3, unique=unique)
        case "string" if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True)
        case "string":
            return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 20))
        case "integer":
            return st.integers(*bounds)
        case "number":
            return st.floats(*bounds, **_NUMBERS)
        case "boolean":
            return st.booleans()
    assert kind == "null", kind
    return st.none()


def _objects(schema: Schema, root: Schema) -> Values:
    others = schema.get("additionalProperties")
    if others:
        pattern = schema.get("propertyNames", {}).get("pattern", "[a-z]{1,5}")
        return st.dictionaries(st.from_regex(pattern, fullmatch=True), values(others, root), max_size=3)
    fields = {name: values(part, root) for name, part in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema.get("required", [])}
    return st.fixed_dictionaries(required, optional=fields)
