"""Write api/job-spec.schema.json: the shapes that the code takes, with what docs/job-spec.md says of each field."""

import json
import re
from pathlib import Path
from typing import Any

from poller.specs.schema import job_spec_schema

ROOT = Path(__file__).parents[1]
FILE = ROOT / "api" / "job-spec.schema.json"
DOCUMENT = ROOT / "docs" / "job-spec.md"
_ROW = re.compile(r"^\| `(\w+)` \| *(.*?) *\| (.*) \|$", flags=re.M)


def tables(document: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """By section and field: its default, without the backticks around it, and what is said of it."""
    sections = re.split(r"^## ", document.read_text(), flags=re.M)[1:]
    return {
        section.partition("\n")[0]: {name: (default.strip("`"), said) for name, default, said in _ROW.findall(section)}
        for section in sections
    }


def described() -> dict[str, Any]:
    """The schema with its descriptions."""
    schema, said = job_spec_schema(), tables(DOCUMENT)
    _describe(schema, said.get("Fields", {}))
    for name, part in schema["$defs"].items():
        kind, _, way = name.partition(".")
        _describe(part, said.get(f"{kind.replace('_', ' ').capitalize()} {way}".strip(), {}))
    return schema


def written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _describe(part: dict[str, Any], said: dict[str, tuple[str, str]]) -> None:
    for name, field in part["properties"].items():
        if name in said:
            part["properties"][name] = {"description": _plain(said[name][1]), **field}


def _plain(text: str) -> str:
    """Without links: an editor shows a description where there is nothing to follow."""
    text = re.sub(r",? see \[[^]]+\]\([^)]+\)", "", text)
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text).replace("\\|", "|").replace(" See below.", "")


if __name__ == "__main__":
    FILE.write_text(written(described()))
