"""Every guard that `make mutants` takes away has a test that exists: the long run need not be made to learn it."""

import ast
from functools import cache

import pytest

from tests.mutants.guards import GUARDS
from tests.mutants.mutations import Mutation
from tests.mutants.pure import PRODUCT, listed
from tests.support.template import ROOT


@cache
def names(file: str) -> set[str]:
    """The test functions of a file, methods as `Class::test`."""
    found = set()
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.add(node.targets[0].id)  # hypothesis names a state machine's test like this
    return found


@pytest.mark.parametrize("test", sorted({m.test for m in GUARDS}))
def test_the_test_of_a_guard_exists(test: str) -> None:
    file, _, name = test.partition("::")

    assert name.partition("[")[0] in names(file) or not name


@pytest.mark.parametrize("mutation", GUARDS, ids=lambda mutation: mutation.guard)
def test_the_guard_is_where_it_is_taken_away(mutation: Mutation) -> None:
    text = (ROOT / mutation.file).read_text()

    assert mutation.applied_to(text) != text  # or it raises Stale


@pytest.mark.parametrize(("mutant", "why"), listed().items())
def test_a_mutant_that_may_live_has_a_reason_and_is_still_there(mutant: str, why: str) -> None:
    where, _, change = mutant.partition(": ")
    old, _, _ = change.partition(" → ")

    source = (PRODUCT / where.split()[0]).read_text()

    assert why
    # mutmut knows a function by another name than its own.
    assert all(line.removeprefix("def _") in source for line in old.split(" / "))
