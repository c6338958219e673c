"""Imports run one way: handlers → edges → logic → models, errors; and the two packages meet in one place only."""

import ast
from pathlib import Path

import pytest

from tests.support.template import ROOT

FUNCTIONS = ROOT / "src" / "functions"
LOCAL = ROOT / "src" / "local"
FLOORS = {"specs": 0, "models": 0, "errors": 0, "settings": 0, "logic": 1, "edges": 2, "handlers": 3}
# Neighbours on one floor do not know each other, but for these.
NEIGHBOURS = {
    ("edges.tasks", "edges.rows"),
    ("edges.tasks", "edges.table"),
    ("edges.jobs", "edges.rows"),
    ("edges.jobs", "edges.table"),
    ("handlers.janitor", "handlers.reconcile_job"),
    ("handlers.ending", "handlers.many"),
    ("handlers.prepare_poller_job", "handlers.many"),
    ("edges.fetching", "edges.upstream"),
    ("edges.task_pages", "edges.fetching"),
    ("edges.upstream", "edges.connections"),
    *((f"handlers.{user}", f"handlers.{helper}")
      for user in ("prepare_poller_job", "fetch_payload", "process_payload", "reconcile_job", "get_job",
                   "get_job_results", "get_job_tasks", "list_jobs", "cancel_job", "redrive_job", "janitor",
                   "record_undelivered_job", "steps", "ending", "announcing")
      for helper in ("resources", "steps", "http", "ending", "announcing")),
}  # fmt: skip
IMPURE = {"boto3", "botocore", "requests", "urllib3", "os", "time", "random", "socket", "subprocess", "datetime.now"}


def imports(path: Path) -> set[str]:
    """Every module that the file imports, `from a import b` as both `a` and `a.b`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def floor(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


POLLER = sorted((FUNCTIONS / "poller").rglob("*.py"))


@pytest.mark.parametrize("path", POLLER, ids=lambda p: str(p.relative_to(FUNCTIONS)))
def test_imports_run_downwards(path: Path) -> None:
    me = str(path.relative_to(FUNCTIONS / "poller").with_suffix("")).replace("/", ".").removesuffix(".__init__")
    if me == "__init__":
        return
    for module in imports(path):
        if not module.startswith("poller."):
            continue
        other = module.removeprefix("poller.")
        if floor(other) in ("edges", "handlers") and floor(other) == floor(me):
            neighbour = ".".join(other.split(".")[:2])
            assert neighbour == floor(me) or (me, neighbour) in NEIGHBOURS, f"{me} reaches sideways to {other}"
        else:
            assert FLOORS[floor(other)] <= FLOORS[floor(me)], f"{me} reaches up to {other}"


@pytest.mark.parametrize("path", sorted((FUNCTIONS / "poller" / "logic").glob("*.py")), ids=lambda p: p.name)
def test_logic_is_pure(path: Path) -> None:
    roots = {module.split(".")[0] for module in imports(path)}

    assert not roots & IMPURE
    assert "datetime.now" not in path.read_text()
    assert "open(" not in path.read_text().replace("gzip.open(io.BytesIO", "")


@pytest.mark.parametrize("path", sorted((FUNCTIONS / "poller").rglob("*.py")), ids=lambda p: p.name)
def test_only_handlers_use_powertools(path: Path) -> None:
    uses = any(module.startswith("aws_lambda_powertools") for module in imports(path))

    assert not uses or path.parent.name == "handlers"


def test_the_two_packages_share_the_check_of_a_spec_and_nothing_else() -> None:
    shared = {"poller.errors", "poller.errors.JobRejected", "poller.logic.job_spec"}
    for path in LOCAL.rglob("*.py"):
        allowed = {*shared, "poller.logic.job_spec.accept_job_spec"} if path.name == "spec_input.py" else set()
        assert not {m for m in imports(path) if m.split(".")[0] in ("poller", "external_api")} - allowed, path
    for path in FUNCTIONS.rglob("*.py"):
        assert "poller_local" not in {m.split(".")[0] for m in imports(path)}, path


def test_the_demonstration_api_stands_alone() -> None:
    for path in (FUNCTIONS / "external_api").glob("*.py"):
        assert "poller" not in {m.split(".")[0] for m in imports(path)}, path
