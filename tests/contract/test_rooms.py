"""Rooms import downwards only, files that may do I/O are a list, and the packages meet in one place only."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.template import ROOT

FUNCTIONS = ROOT / "src" / "functions"
LOCAL = ROOT / "src" / "local"
POLLER = FUNCTIONS / "poller"
ROOMS = (
    {"errors", "settings", "values"},
    {"text"},
    {"readers", "credentials", "aws"},
    {"paging", "upstream"},
    {"auth", "partitions"},
    {"specs"},
    {"fetching", "datasets"},
    {"jobs"},
    {"sources"},
    {"http_api"},
    {"handlers"},
)
"""From the lowest to the highest. Rooms on one level do not know each other."""
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
MAY_DO_IO = {
    "settings.py",
    "aws/dynamodb.py",
    "aws/s3.py",
    "aws/secrets.py",
    "auth/access.py",
    "auth/flows/aws_sigv4.py",
    "auth/tokens.py",
    "upstream/client.py",
    "upstream/adapter.py",
    "upstream/connection.py",
    "upstream/idle.py",
    "upstream/tls.py",
    "upstream/wire.py",
    "fetching/pause.py",
    "fetching/outage.py",
    "fetching/page_fetcher.py",
    "fetching/rate_share.py",
    "fetching/tally.py",
    "fetching/task_pages.py",
    "fetching/time_box.py",
    "jobs/job_store.py",
    "jobs/task_store.py",
    "jobs/queue.py",
    "jobs/events.py",
    "jobs/workflow.py",
    "jobs/ending.py",
    "jobs/latest.py",
    "jobs/fetched_tasks.py",
    "jobs/reconciler.py",
    "jobs/uniqueness.py",
    "jobs/walker.py",
    "jobs/run_concurrently.py",
    "jobs/steps.py",
    "sources/runner.py",
    "sources/schedules.py",
    "sources/store.py",
}
"""The files below `handlers` that reach out: to the network, AWS, the environment, a clock, chance or a thread, by
themselves or through what they are given. All others are plain functions of values."""
OUTSIDE = {"boto3", "botocore", "requests", "urllib3", "os", "time", "random", "socket", "ssl", "select", "subprocess",
           "threading", "concurrent", "certifi"}  # fmt: skip


def imports(path: Path) -> set[str]:
    """Every module that the file imports, `from a import b` as both `a` and `a.b`."""
    found = set()
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if not isinstance(node, ast.If)]  # under TYPE_CHECKING: not at run time
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def names_of(paths: list[Path]) -> list[str]:
    return [path.relative_to(POLLER).as_posix() for path in paths]


FILES = names_of(sorted(POLLER.rglob("*.py")))
PURE = [name for name in FILES if name not in MAY_DO_IO and not name.startswith("handlers/") and "__init__" not in name]


@pytest.mark.parametrize("name", [name for name in FILES if name != "__init__.py"])
def test_imports_run_downwards(name: str) -> None:
    me = room(name.removesuffix(".py").replace("/", "."))

    others = {room(m.removeprefix("poller.")) for m in imports(POLLER / name) if m.startswith("poller.")} - {me}

    assert all(LEVEL[other] < LEVEL[me] for other in others), f"{name} imports {others}"


def test_no_two_files_of_a_room_need_each_other() -> None:
    needs = {
        name.removesuffix(".py").replace("/", "."): {
            m.removeprefix("poller.") for m in imports(POLLER / name) if m.startswith("poller.")
        }
        for name in FILES
    }

    while leaves := [module for module, others in needs.items() if not others & set(needs) - {module}]:
        for module in leaves:
            del needs[module]

    assert not needs, f"these import each other in a circle: {sorted(needs)}"


def test_contributing_lists_the_rooms_from_the_highest_to_the_lowest() -> None:
    (table,) = re.findall(r"^\| room \|.*?\n\n", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.M | re.S)

    first_cells = re.findall(r"^\| (`.*?`) \|", table, flags=re.M)

    assert [set(re.findall(r"\w+", cell)) for cell in first_cells] == list(reversed(ROOMS))


@pytest.mark.parametrize("name", PURE)
def test_decisions_are_plain_functions_of_values(name: str) -> None:
    text = (POLLER / name).read_text()

    assert not {module.split(".")[0] for module in imports(POLLER / name)} & OUTSIDE
    assert "datetime.now" not in text
    assert "open(" not in text.replace("gzip.open(io.BytesIO", "")


@pytest.mark.parametrize("name", sorted(MAY_DO_IO))
def test_the_list_of_files_that_may_do_io_is_true(name: str) -> None:
    text = (POLLER / name).read_text()

    uses_some = {module.split(".")[0] for module in imports(POLLER / name)} & OUTSIDE
    is_given_some = re.search(r"client: Any|_client\.|Bucket|Store|datetime\.now", text)

    assert uses_some or is_given_some, f"{name} does no I/O any more"


def test_handlers_are_lambda_functions_and_nothing_else() -> None:
    for path in (POLLER / "handlers").rglob("*.py"):
        if path.name not in ("__init__.py", "dependencies.py"):
            assert "def handler(event" in path.read_text() or "def handler(_event" in path.read_text(), path


@pytest.mark.parametrize("name", FILES)
def test_only_handlers_and_their_requests_use_powertools(name: str) -> None:
    uses = any(module.startswith("aws_lambda_powertools") for module in imports(POLLER / name))

    assert not uses or name.startswith(("handlers/", "http_api/"))


def test_the_two_packages_share_the_checks_of_specs_and_secrets_and_nothing_else() -> None:
    shared = {
        "spec_input.py": {
            "poller.errors.JobRejected",
            "poller.specs.parse.accept_job_spec",
            "poller.specs.parse.accept_source_spec",
        },
        "secrets.py": {
            "poller.errors.AuthFailed",
            "poller.auth.fields.is_secret_name",
            "poller.auth.stored.read_secret",
            "poller.auth.stored.write_secret",
        },
    }
    for path in LOCAL.rglob("*.py"):
        names = shared.get(path.name, set())
        allowed = names | {name.rpartition(".")[0] for name in names}
        assert not {m for m in imports(path) if m.split(".")[0] in ("poller", "external_api")} - allowed, path
    for path in FUNCTIONS.rglob("*.py"):
        assert "poller_local" not in {m.split(".")[0] for m in imports(path)}, path


def test_the_demonstration_api_stands_alone() -> None:
    for path in (FUNCTIONS / "external_api").glob("*.py"):
        assert "poller" not in {m.split(".")[0] for m in imports(path)}, path
