"""The job spec of `poller run`: from a URL, a file, or a file that goes before what else is given.

What the stack would reject is refused here, before it is sent and in the same words: they are the stack's own
(docs/decisions/010). It checks each spec again, whoever sends it.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from poller.errors import JobRejected
from poller.specs.parse import accept_job_spec, accept_source_spec
from poller_local.errors import BadInput, BadUsage

_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?/")


def build_spec(
    source: str | None, spec_file: str | None, name: str | None, client_token: str | None = None
) -> dict[str, Any]:
    """The spec to submit: the file's (`-` reads standard input), with the other arguments laid over it.

    `source` is a URL, or a spec file that is not called so. Raises BadInput.
    """
    url, spec_file = _url_and_file(source, spec_file)
    spec = parse_spec(*_read(spec_file)) if spec_file else {}
    if url:
        spec["url"] = url
    if name is not None:
        spec["name"] = name
    if client_token is not None:
        spec["client_token"] = client_token
    return _accepted(spec, accept_job_spec)


def build_source_spec(source: str | None, spec_file: str | None) -> dict[str, Any]:
    """The spec of a source, as `build_spec` takes it. Raises BadInput."""
    url, spec_file = _url_and_file(source, spec_file, "poller sources put NAME")
    spec = parse_spec(*_read(spec_file)) if spec_file else {}
    return _accepted(spec | ({"url": url} if url else {}), accept_source_spec)


def _accepted(spec: dict[str, Any], accept: Callable[[Any], object]) -> dict[str, Any]:
    try:
        accept(spec)
    except JobRejected as error:
        raise BadInput(error.message) from error
    return spec


def _url_and_file(
    source: str | None, spec_file: str | None, command: str = "poller run"
) -> tuple[str | None, str | None]:
    """What was written before --spec may be either, and newcomers give --spec a URL."""
    if not source and not spec_file:
        raise BadUsage(f"Nothing to poll; write {command} URL or {command} --spec FILE")
    if spec_file and _is_url(spec_file):
        raise BadUsage(f"--spec takes a file, and {spec_file} is a URL; write it without --spec")
    if not source or _is_url(source):
        return source, spec_file
    if not _is_file(source):
        raise BadUsage(f"'{source}' has no scheme; write https://{source}, or the path of a spec file")
    if spec_file:
        raise BadUsage(f"{source} and --spec {spec_file} are two specs; give one")
    return None, source


def _is_url(text: str) -> bool:
    return "://" in text


def _is_file(text: str) -> bool:
    """Whether a file is meant, there or not: then it is missed as one."""
    return text == "-" or Path(text).is_file() or (text.endswith(".json") and not _HOST.match(text))


def parse_spec(text: str, source: str) -> dict[str, Any]:
    """The JSON object in `text`; `source` names it in errors. Raises BadInput with line and column."""
    try:
        spec = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise BadInput(f"{source} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except ValueError as error:
        raise BadInput(f"{source} is not JSON: {error}") from error
    except RecursionError as error:
        raise BadInput(f"{source} is not a job spec: it is nested too deeply") from error
    if not isinstance(spec, dict):
        raise BadInput(
            f"{source} is not a job spec: line 1, column 1: a JSON object is wanted, "
            'for example {"url": "https://api.example.com/v1/orders"}'
        )
    return spec


def _read(spec_file: str) -> tuple[str, str]:
    source = "The spec on standard input" if spec_file == "-" else spec_file
    try:
        content = sys.stdin.buffer.read() if spec_file == "-" else Path(spec_file).read_bytes()
        return content.decode("utf-8-sig"), source
    except OSError as error:
        raise BadInput(f"Cannot read the spec {spec_file}: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{source} is not UTF-8 (byte {error.start}); save it as UTF-8") from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Nobody means two values for one name, and JSON's readers differ in which they take."""
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{json.dumps(twice[0])} is there twice in one object")
    return dict(pairs)
