"""The embedded AWS is a package of its own, and its list of gaps is whole."""

import ast
from pathlib import Path

import pytest

from laptop_aws.gaps import GAPS, TRIED_WITH
from tests.support.template import ROOT

PACKAGE = ROOT / "src" / "local" / "laptop_aws"
OURS = {"external_api", "poller", "poller_local"}
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}


def imported(tree: ast.Module) -> set[str]:
    """The top packages that a module imports, wherever it does."""
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_it_imports_nothing_else_of_ours(path: Path) -> None:
    tree = ast.parse(path.read_text())

    assert not imported(tree) & OURS


def test_every_gap_is_in_the_list_once() -> None:
    fillers = {
        name
        for name, path in MODULES.items()
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "install" for node in ast.parse(path.read_text()).body
        )
    }

    assert sorted(GAPS) == sorted(fillers)


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_says_what_aws_does_and_where_that_is_written(gap: str) -> None:
    said = ast.get_docstring(ast.parse(MODULES[gap].read_text())) or ""

    assert "\nAWS" in said
    assert "https://docs.aws.amazon.com/" in said
    assert "MiniStack" in said


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_has_a_test_that_tells_when_it_can_go(gap: str) -> None:
    *folder, name = gap.split(".")
    tests = ROOT.joinpath("tests", "laptop_aws", *folder, f"test_{name}.py").read_text()

    assert "@pytest.mark.still_needed\ndef test_still_needed(" in tests


def test_gaps_were_tried_with_the_pinned_ministack() -> None:
    pins = (ROOT / "requirements" / "dev.txt").read_text()

    assert f"\nministack=={TRIED_WITH}\n" in pins, (
        "MiniStack's pin has changed: run `make gaps`, remove what is not needed any more, and write the version "
        "into TRIED_WITH of laptop_aws/gaps.py"
    )
