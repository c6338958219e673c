"""Take away one guard at a time, in a copy of this tree, and see that its test turns red.

    python -m tests.mutants [--only TEXT] [--jobs N]

Exits with 1 if a test stays green without its guard, if a mutation no longer fits its file, or if a test is red to
begin with. The checkout itself is never touched.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.mutants.guards import GUARDS
from tests.mutants.mutations import Mutation, Stale
from tests.support.local_stack import copy_tree
from tests.support.template import ROOT

SECONDS = 90
"""A test that takes longer without its guard hangs, and says nothing."""
_OURS = ("tests", "poller", "poller_local", "external_api")
# Most of a small test's time goes into importing these: they are imported once, and each test runs in a fork.
_HEAVY = ("boto3", "boto3.dynamodb.types", "moto", "moto.dynamodb", "moto.s3", "moto.sqs", "moto.events",
          "aws_lambda_powertools.utilities.batch", "requests", "jmespath", "yaml")  # fmt: skip


def main() -> int:
    asked = _arguments()
    chosen = [m for m in GUARDS if asked.only.lower() in f"{m.guard} {m.file} {m.test}".lower()]
    if not chosen:
        _say(f"no guard, file or test has {asked.only!r} in it")
        return 1
    for name in _HEAVY:
        import_module(name)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        trees = [_copy(Path(directory) / str(number)) for number in range(min(asked.jobs, len(chosen)))]
        if not _is_green(trees[0], sorted({m.test for m in chosen})):
            return 1
        outcomes = []
        for mutation, outcome, why in _run_all(chosen, trees):
            outcomes.append(outcome)
            _say(f"{outcome:<8}  {mutation.guard}" + (f"\n          {mutation.file}: {why}" if why else ""))
    killed = outcomes.count("killed")
    _say(
        f"{len(outcomes)} guards taken away in {time.monotonic() - began:.0f} seconds: "
        f"{killed} killed, {len(outcomes) - killed} not"
    )
    return 0 if killed == len(outcomes) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Take away one guard at a time.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only guards, files and tests with this in them")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many at a time (2)")
    return parser.parse_args()


def _copy(destination: Path) -> Path:
    destination.mkdir()
    return copy_tree(destination)


def _is_green(tree: Path, tests: list[str]) -> bool:
    run = Run(tree, tests)
    while (code := run.exit_code(900)) is None:
        time.sleep(0.05)
    if code == pytest.ExitCode.OK:
        return True
    _say(f"red with every guard in place:\n{run.output()}")
    return False


def _run_all(chosen: list[Mutation], trees: list[Path]) -> Iterator[tuple[Mutation, str, str]]:
    """Each tree takes the next mutation as soon as it is whole again."""
    waiting, free = list(reversed(chosen)), list(trees)
    running: list[tuple[Mutation, str, Run]] = []
    while waiting or running:
        while waiting and free:
            mutation = waiting.pop()
            try:
                whole = (free[-1] / mutation.file).read_text()
                without = mutation.applied_to(whole)
            except (Stale, FileNotFoundError) as error:
                yield mutation, "STALE", str(error)
                continue
            _write(free[-1] / mutation.file, without)
            running.append((mutation, whole, Run(free.pop(), [mutation.test])))
        for entry in list(running):
            mutation, whole, run = entry
            if (code := run.exit_code(SECONDS)) is not None:
                running.remove(entry)
                _write(run.tree / mutation.file, whole)
                free.append(run.tree)
                yield mutation, *_meaning(mutation, run, code)
        time.sleep(0.02)


def _meaning(mutation: Mutation, run: "Run", code: int) -> tuple[str, str]:
    match code:
        case pytest.ExitCode.TESTS_FAILED:
            return "killed", ""
        case pytest.ExitCode.OK:
            return "SURVIVED", f"{mutation.test} stays green with {mutation.new or 'nothing'!r}"
        case Run.HANGS:
            return "HANGS", f"{mutation.test} took longer than {SECONDS} seconds"
        case _:  # the mutation is no valid code, or the test is not there: nothing was tested
            return "BROKEN", f"{mutation.test} could not run\n{run.output()}"


@dataclass
class Run:
    """Some tests of a tree, in a process of their own."""

    tree: Path
    tests: list[str]
    HANGS = -1

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._log = self.tree.with_suffix(".log")
        self._pid = os.fork()
        if self._pid == 0:
            code = 99
            try:
                code = self._pytest()
            finally:
                sys.stdout.flush()
                os._exit(code)

    def exit_code(self, seconds: float) -> int | None:
        """None while it runs, HANGS if it has for longer than `seconds`."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() - self._began < seconds:
            return None
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        return self.HANGS

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def _pytest(self) -> int:
        """In the child: forget this checkout, and become the tree's own test run."""
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(self.tree)
        ours = {str(ROOT), *(str(ROOT / "src" / part) for part in ("functions", "local"))}
        sys.path[:] = [place for place in sys.path if place and place not in ours]
        for name in list(sys.modules):
            if name.partition(".")[0] in _OURS:
                del sys.modules[name]
        options = ("-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:faker", "--rootdir", ".")
        return int(pytest.main([*options, *self.tests]))


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    # Two versions of a file that are equally long and written within a second would share what was compiled.
    Path(cache_from_source(str(path))).unlink(missing_ok=True)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
