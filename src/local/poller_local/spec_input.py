"""The job spec of `poller run`, from a URL or a file.

What the stack would reject is refused here, before it is sent and in the same words: they are the stack's own
(docs/decisions/010). It checks each spec again, whoever sends it.
"""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from poller.errors import JobRejected
from poller.specs.parse import accept_job_spec
from poller_local.errors import BadInput


def build_spec(
    url: str | None, spec_file: str | None, name: str | None, client_token: str | None = None
) -> dict[str, Any]:
    """The spec to submit: the file's (`-` reads standard input), with the other arguments laid over it.

    Raises BadInput.
    """
    if not url and not spec_file:
        raise BadInput("Nothing to poll; write poller run URL or poller run --spec FILE")
    spec = parse_spec(*_read(spec_file)) if spec_file else {}
    if url:
        spec["url"] = url
    if name is not None:
        spec["name"] = name
    if client_token is not None:
        # A shell variable that is not set would else pass for a token, and the job run twice.
        if not client_token:
            raise BadInput("--client-token is empty; give the job a token of its own, for example orders-2026-01-31")
        spec["client_token"] = client_token
    _require_scheme(url)
    try:
        accept_job_spec(spec)
    except JobRejected as error:
        raise BadInput(error.message) from error
    return spec


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


def _require_scheme(url: str | None) -> None:
    if url and "://" not in url:
        raise BadInput(f"'{url}' has no scheme; write https://{url}")


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Nobody means two values for one name, and JSON's readers differ in which they take."""
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{json.dumps(twice[0])} is there twice in one object")
    return dict(pairs)
