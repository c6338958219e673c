"""The JSON Schema of a job spec: what its readers take, as editors and forms can know it.

All that it refuses, they refuse. They refuse more, which no schema can say: what may be a secret, paths that do not
compile, fields that exclude each other.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from typing import Any

from poller.auth.fields import (
    aws_name,
    header_or_parameter,
    one_word,
    secret_name,
    url_without_secrets,
    words,
)
from poller.auth.flows import AUTHS
from poller.paging.body_path import body_path
from poller.paging.paginators import PAGINATORS, Auto
from poller.paging.paginators.following import origins
from poller.paging.response_action import ResponseAction, condition
from poller.partitions import PARTITIONS
from poller.partitions.listed import list_of_values
from poller.partitions.values import name_of
from poller.partitions.window import bound_of
from poller.readers import (
    Reader,
    Schema,
    flag,
    list_of_names,
    path_of,
    paths_of,
    percentage,
    statuses,
    text,
    word,
)
from poller.specs.fields import api_url, client_token, http_method, job_name, json_body, query_params, request_headers
from poller.specs.incremental import INCREMENTAL_READERS, Incremental
from poller.specs.model import JobSpec, RateLimit, Retry
from poller.specs.output import OUTPUTS, Jsonl, column_paths
from poller.specs.parse import RATE_LIMIT_READERS, RETRY_READERS, SPEC_READERS, is_required

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string", "minLength": 1}
_NAME: Schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
_URL: Schema = {"type": "string", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://\S+$"}
_TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # nosec B105  # RFC 9110, section 5.6.2: no secret
_PLAIN: Schema = {"type": ["string", "number", "boolean"]}
_SHAPES: dict[Reader, Schema] = {
    api_url: _URL,
    aws_name: {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
    body_path: _TEXT,
    bound_of: {"anyOf": [_TEXT, {"type": "integer", "minimum": -(10**15), "maximum": 10**15}]},
    column_paths: {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 1000, "uniqueItems": True},
    client_token: {"type": "string", "minLength": 1, "maxLength": 128},
    condition: _TEXT,
    flag: {"type": "boolean"},
    header_or_parameter: {"type": "string", "pattern": f"^{_TOKEN}$"},
    http_method: {"enum": ["GET", "POST"]},
    job_name: _NAME,
    json_body: {},
    list_of_names: {"type": "array", "items": _TEXT},
    list_of_values: {"type": "array", "items": _PLAIN, "minItems": 1, "uniqueItems": True},
    name_of: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"},
    one_word: {"type": "string", "pattern": f"^({_TOKEN})?$"},
    origins: {"type": "array", "items": _TEXT},
    path_of: _TEXT,
    paths_of: {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}]},
    percentage: {"type": "number", "minimum": 0, "maximum": 100},
    query_params: {
        "type": "object",
        "additionalProperties": {"anyOf": [_PLAIN, {"type": "array", "items": _PLAIN, "minItems": 1}]},
    },
    request_headers: {
        "type": "object",
        "propertyNames": {"pattern": f"^{_TOKEN}$"},
        "additionalProperties": {"type": "string", "pattern": "^([!-~]([ -~]*[!-~])?)?$"},
    },
    secret_name: _NAME,
    statuses: {"type": "array", "items": {"type": "integer", "minimum": 200, "maximum": 599}},
    text: _TEXT,
    url_without_secrets: _URL,
    word: {"anyOf": [_TEXT, {"type": ["number", "boolean"]}]},
    words: {"type": "array", "items": {"type": "string", "pattern": "^[^ ]+$"}},
}
"""By the readers that are not made for a field: those have `shaped` theirs."""


def job_spec_schema() -> Schema:
    """Of a whole spec. Raises LookupError for a field whose reader has no schema."""
    whole = _object("", JobSpec, SPEC_READERS)
    ways = {
        f"paginator.{kind}": _object(f"paginator.{kind}.", cls, cls.READERS, kind) for kind, cls in PAGINATORS.items()
    }
    ways |= {f"auth.{kind}": _object(f"auth.{kind}.", cls, cls.READERS, kind) for kind, cls in AUTHS.items()}
    ways |= {
        f"partition.{kind}": _object(f"partition.{kind}.", cls, cls.READERS, kind) for kind, cls in PARTITIONS.items()
    }
    ways["response_actions"] = _object("response_actions.", ResponseAction, ResponseAction.READERS)
    ways |= {f"output.{kind}": _object("output.", cls, cls.READERS, kind, "format") for kind, cls in OUTPUTS.items()}
    ways["rate_limit"] = _object("rate_limit.", RateLimit, RATE_LIMIT_READERS)
    parts = {
        "retry": _object("retry.", Retry, RETRY_READERS),
        "incremental": _object("incremental.", Incremental, INCREMENTAL_READERS),
        **ways,
    }
    return {"$schema": _DIALECT, "title": "Job spec", **whole, "$defs": parts}


def _object(
    prefix: str, cls: type[Any], readers: Mapping[str, Reader], kind: str | None = None, tag: str = "type"
) -> Schema:
    """Of an object that becomes a `cls`; one of several kinds has a field, the `tag`, that says which."""
    named: Schema = {} if kind is None else {tag: {"const": kind}}
    required = [*named, *(field.name for field in fields(cls) if is_required(field))]
    given = [field for field in fields(cls) if field.name in readers]
    return {
        "type": "object",
        **({"required": required} if required else {}),
        "properties": named | {f.name: _field(prefix + f.name, f, readers[f.name]) for f in given},
        "additionalProperties": False,
    }


def _field(name: str, field: Field[Any], reader: Reader) -> Schema:
    schema = _COMPOSED.get(name) or getattr(reader, "schema", None)
    if schema is None:
        schema = _SHAPES.get(reader)
    if schema is None:
        raise LookupError(f"{name} has a reader without a schema: add {reader} to specs/schema.py")
    if field.default is None:
        return _or_null(schema)
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return schema if default is MISSING else schema | {"default": _as_json(default)}


def _or_null(schema: Schema) -> Schema:
    """Where nothing is the default, null says so."""
    if not schema:
        return schema
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return schema | {"type": [kind, "null"]}
    others = schema.get("anyOf", [schema])
    return {"anyOf": [*others, {"type": "null"}]}


def _as_json(default: Any) -> Any:
    if isinstance(default, Auto | Jsonl):
        return default.TYPE
    if is_dataclass(default) and not isinstance(default, type):
        return {name: _as_json(value) for name, value in asdict(default).items()}
    return list(default) if isinstance(default, tuple) else default


def _ref(part: str) -> Schema:
    return {"$ref": f"#/$defs/{part}"}


_COMPOSED: dict[str, Schema] = {
    "auth": {"anyOf": [_ref(f"auth.{kind}") for kind in AUTHS]},
    "paginator": {
        "anyOf": [
            {"enum": [kind for kind, cls in PAGINATORS.items() if not any(map(is_required, fields(cls)))]},
            *(_ref(f"paginator.{kind}") for kind in PAGINATORS),
        ]
    },
    "partitions": {"type": "array", "items": {"anyOf": [_ref(f"partition.{kind}") for kind in PARTITIONS]}},
    "response_actions": {"type": "array", "items": _ref("response_actions")},
    "output": {"anyOf": [{"enum": [*OUTPUTS]}, *(_ref(f"output.{kind}") for kind in OUTPUTS)]},
    "rate_limit": _ref("rate_limit"),
    "retry": _ref("retry"),
    "incremental": {"anyOf": [_ref("incremental")]},
}
"""Of fields that hold objects, whose schemas stand apart."""
