"""What tests may import of one another: help is in tests/support, and no test module is a library of others."""

import ast
from pathlib import Path

import pytest

from tests.support.template import ROOT

TESTS = ROOT / "tests"
MODULES = sorted(path.relative_to(ROOT) for path in TESTS.rglob("*.py") if path.name != "__init__.py")


def imported(path: Path) -> set[str]:
    """The modules of tests that a file imports, by their full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            package = ".".join(path.with_suffix("").parts[: -node.level]) if node.level else ""
            module = ".".join(filter(None, (package, node.module)))
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return {name for name in found if (ROOT / name.replace(".", "/")).with_suffix(".py").is_file()}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_tests_import_their_help_from_support_and_nothing_from_one_another(path: Path) -> None:
    others = {name for name in imported(path) if name.startswith("tests.")}

    assert {name for name in others if not name.startswith(("tests.support.", "tests.mutants."))} == set()


def test_beside_tests_are_no_other_modules() -> None:
    strays = [path for path in MODULES if not path.name.startswith(("test_", "conftest"))]

    assert {path.parts[1] for path in strays} == {"support", "mutants"}


def test_each_sample_of_an_api_is_used() -> None:
    samples = {path.stem for path in (TESTS / "apis").glob("*.json")}
    tests = "".join((ROOT / path).read_text() for path in MODULES if path.name.startswith("test_"))

    assert {name for name in samples if f'"{name}"' not in tests} == set()
