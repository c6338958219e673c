"""CONTRIBUTING names files that exist and the members that a paginator has; README's layout names every folder."""

import dataclasses
import re
import subprocess
from typing import get_args

import pytest

from poller.paging.paginators import KnownPaginator
from tests.support.documents import blocks
from tests.support.template import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
FOLDERS = {path.split("/")[0] for path in TRACKED if "/" in path}
PATHS = sorted({path for path in re.findall(r"`([\w./-]+)`", TEXT) if path.split("/")[0] in FOLDERS})


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_a_paginators_members_are_those_that_the_paginators_have() -> None:
    section = TEXT.split("## Adding a paginator")[1].split("\n## ")[0]
    rows = re.findall(r"^ +\| (`.*?`) \|", section, flags=re.M)

    named = set(re.findall(r"\w+", " ".join(rows)))

    paginators = get_args(KnownPaginator)
    fields = {field.name for cls in paginators for field in dataclasses.fields(cls)}
    assert named == {name for cls in paginators for name in vars(cls) if not name.startswith("_")} - fields


def test_the_layout_has_every_folder_and_nothing_that_is_none() -> None:
    (layout,) = [block.text for block in blocks(ROOT / "README.md") if block.section == "Layout" and not block.language]

    shown = re.findall(r"^([\w./-]+)", layout, flags=re.M)

    assert all((ROOT / path).exists() for path in shown)
    folders = {path.split("/")[0] for path in shown if "/" in path}
    assert folders == {name for name in FOLDERS if not name.startswith(".")}
