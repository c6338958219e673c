import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from poller.errors import JobRejected
from poller.specs.parse import accept_job_spec
from poller_local.errors import BadInput, BadUsage
from poller_local.spec_input import build_spec, parse_spec


def test_a_url_is_a_whole_spec():
    url = "https://api.example.com/orders?page=1"

    spec = build_spec(url, None, None)

    assert spec == {"url": url}


def test_the_command_line_is_laid_over_the_file(tmp_path: Path):
    file = tmp_path / "job.json"
    file.write_text('{"url": "https://a.example.com", "name": "a", "maximum_pages": 5}')

    spec = build_spec("https://b.example.com", str(file), "b")

    assert spec == {"url": "https://b.example.com", "name": "b", "maximum_pages": 5}


def test_the_spec_may_come_on_standard_input(monkeypatch: pytest.MonkeyPatch):
    content = '{"url": "https://api.example.com/ö"}'.encode("utf-8-sig")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    spec = build_spec(None, "-", None)

    assert spec == {"url": "https://api.example.com/ö"}


@pytest.mark.parametrize("url", ["example.com/x", "localhost:8080/x", "api.example.com/v1/data.json"])
def test_a_url_without_a_scheme_is_corrected(url: str):
    with pytest.raises(BadUsage) as bad:
        build_spec(url, None, None)

    assert str(bad.value) == f"'{url}' has no scheme; write https://{url}, or the path of a spec file"


@pytest.mark.parametrize("name", ["job.json", "orders"])
def test_a_file_is_meant_where_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text('{"url": "https://a.example.com", "name": "a"}')

    spec = build_spec(name, None, "b")

    assert spec == {"url": "https://a.example.com", "name": "b"}


@pytest.mark.parametrize("name", ["job.json", "specs/job.json"])
def test_a_spec_file_that_is_not_there_is_missed_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BadInput, match=f"Cannot read the spec {name}: No such file or directory"):
        build_spec(name, None, None)


@pytest.mark.parametrize(
    ("source", "spec_file", "complaint"),
    [
        (None, "https://api.example.com", "--spec takes a file, and https://api.example.com is a URL"),
        ("a.json", "b.json", "a.json and --spec b.json are two specs; give one"),
        ("-", "b.json", "- and --spec b.json are two specs; give one"),
    ],
)
def test_a_url_and_a_file_are_told_apart(source: str | None, spec_file: str, complaint: str):
    with pytest.raises(BadUsage, match=complaint):
        build_spec(source, spec_file, None)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"url": "ftp://api.example.com"},
        {"url": "https://api.example.com", "paginator": {"type": "offset", "limti": 10}},
        {"url": "https://api.example.com", "headers": {"Authorization": "Bearer of-a-secret"}},
        {"url": f"https://api.example.com/?q={'x' * 65_536}"},
    ],
)
def test_what_the_stack_would_reject_is_refused_in_its_words(tmp_path: Path, spec: dict[str, Any]):
    file = tmp_path / "job.json"
    file.write_text(json.dumps(spec))
    with pytest.raises(JobRejected) as rejected:
        accept_job_spec(spec)

    with pytest.raises(BadInput) as bad:
        build_spec(None, str(file), None)

    assert str(bad.value) == rejected.value.message
    assert "of-a-secret" not in str(bad.value)


def test_nothing_to_poll():
    with pytest.raises(BadUsage, match="write poller run URL or poller run --spec FILE"):
        build_spec(None, None, None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"url":\n  "https://x",}', "line 2, column 1[45]"),
        ("", "line 1, column 1"),
        ('["https://x"]', "line 1, column 1: a JSON object is wanted"),
        ('{"rate": NaN}', "NaN is no JSON number"),
        ('{"url": "https://a.example", "url": "https://b.example"}', '"url" is there twice in one object'),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_spec_is_located(text: str, complaint: str):
    with pytest.raises(BadInput, match=complaint) as bad:
        parse_spec(text, "job.json")

    assert str(bad.value).startswith("job.json is not")
    assert "\n" not in str(bad.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "No such file or directory"), (b'{"url": "\xff"}', "is not UTF-8 .byte 9.")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, complaint: str):
    file = tmp_path / "job.json"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(BadInput, match=complaint):
        build_spec(None, str(file), None)
