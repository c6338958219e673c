"""checkov over CloudFormation templates and OpenAPI files: what it finds is mended, or skipped beside the resource.

    .venv/bin/python scripts/check_template.py template.yaml api/*.yaml demo-api/*.yaml

A skip stands in a resource's Metadata (`checkov: skip: [{id, comment}]`) or, for all of a file, in a comment
(`# checkov:skip=ID:why`). Each file is read twice in one run, as it is and with its skips out of force: nothing else
may fail in the first reading, and every skip has to fail in the second, or it is stale. checkov lives in .venv/lint.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

CHECKOV = Path(__file__).parents[1] / ".venv" / "lint" / "bin" / "checkov"
SHORTEST_REASON = 25  # characters; "not needed" explains nothing


class Finding(NamedTuple):
    file: str
    resource: str  # empty for all of a file
    check: str

    @property
    def anywhere(self) -> "Finding":
        """The same check, for all of the file."""
        return self._replace(resource="")

    def __str__(self) -> str:
        return f"{self.file}: {self.check}" + (f" on {self.resource}" if self.resource else "")


class _Loader(yaml.SafeLoader):
    """Writes CloudFormation's short forms out: `!Ref x` is `{"Ref": "x"}`."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = str(loader.construct_scalar(node))
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _long_form)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 PyYAML's signature
        return True


def written_out(text: str) -> str:
    """A template without merge keys (`<<`), which checkov does not read; anything else as it is."""
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 a SafeLoader
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False) if "Resources" in document else text


def declared_skips(name: str, text: str) -> Iterator[tuple[Finding, str]]:
    """Each skip of a file, and its reason."""
    for check, reason in re.findall(r"checkov:skip=(\w+):?(.*)", text):
        yield Finding(name, "", check), reason
    for resource, body in (yaml.load(text, Loader=_Loader).get("Resources") or {}).items():  # noqa: S506 a SafeLoader
        for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", []):
            yield Finding(name, resource, skip["id"]), skip.get("comment", "")


def findings(files: dict[str, str]) -> tuple[set[Finding], set[str]]:
    """What checkov lets fail in these files (name to text), and the names of those that it could read."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(written_out(text))
        # --skip-download: without it, checkov asks its maker's service for more rules.
        options = ["--framework", "cloudformation", "openapi", "--skip-download", "--compact", "--output", "json"]
        done = subprocess.run(  # noqa: S603 our own list of arguments
            [CHECKOV, *options, "--file", *files], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode not in (0, 1):
        sys.exit(f"checkov ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    answer = json.loads(done.stdout)
    results = [
        report["results"] for report in (answer if isinstance(answer, list) else [answer]) if "results" in report
    ]
    failed = {_finding(record) for result in results for record in result["failed_checks"]}
    read = {_name(r) for result in results for kind in ("passed_checks", "failed_checks") for r in result[kind]}
    return failed, read


def _name(record: dict[str, Any]) -> str:
    return str(record["file_path"]).lstrip("/")


def _finding(record: dict[str, Any]) -> Finding:
    is_openapi = record["check_id"].startswith("CKV_OPENAPI")
    return Finding(_name(record), "" if is_openapi else record["resource"].split(".")[-1], record["check_id"])


def complaints(files: dict[str, str]) -> Iterator[str]:
    """What is wrong with these files (name to text), a line each."""
    bare = {f"bare/{name}": re.sub(r"\b(checkov|bridgecrew|cortex):", r"\1-off:", text) for name, text in files.items()}
    failed, read = findings(files | bare)
    skips = dict(skip for name, text in files.items() for skip in declared_skips(name, text))
    heedless = {finding for finding in failed if finding.file in files}
    without_skips = {f._replace(file=f.file.removeprefix("bare/")) for f in failed - heedless}
    for name in sorted(files.keys() - read):
        yield f"{name}: checkov read nothing in it"
    # checkov itself knows a template's skips beside resources only.
    for finding in sorted(f for f in heedless | (without_skips - skips.keys()) if f.anywhere not in skips):
        yield f"{finding}: mend it, or skip it there with a reason"
    for skip, reason in skips.items():
        if len(reason.strip()) < SHORTEST_REASON:
            yield f"{skip}: the skip needs a reason of {SHORTEST_REASON} characters or more"
        if skip not in without_skips and skip not in {f.anywhere for f in without_skips}:
            yield f"{skip}: the skip is stale, nothing fails without it"


if __name__ == "__main__":
    found = list(complaints({name: Path(name).read_text() for name in sys.argv[1:]}))
    sys.exit("\n".join(found) if found else 0)
