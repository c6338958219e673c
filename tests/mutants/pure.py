"""mutmut on the pure rooms: each mutant is killed by their tests, or stands in survivors.toml with its reason.

    python -m tests.mutants.pure [PATTERN …]    # such as 'poller.paging.*', with requirements/mutants.txt installed

Exits with 1 if a mutant lives that is not listed, or if one is listed that is killed or gone. mutmut sees a copy of the
tree, made for it: it names mutants after paths, so `poller` is at the root; and it leaves decorated classes out, so
those are decorated behind their bodies.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "src" / "functions" / "poller"
LIST = Path(__file__).with_name("survivors.toml")
FILES = (
    "readers.py",
    "credentials.py",
    "text.py",
    "datasets/csv_table.py",
    "datasets/fingerprints.py",
    "datasets/records.py",
    "datasets/repeats.py",
    "fetching/backoff.py",
    "fetching/curl.py",
    "fetching/rate_budget.py",
    "jobs/estimate.py",
    "jobs/keys.py",
    "jobs/model.py",
    "jobs/next_step.py",
    "jobs/plan.py",
    "jobs/planning.py",
    "jobs/preview.py",
    "jobs/proof.py",
    "jobs/summary.py",
    "jobs/task_state.py",
    "jobs/verdict.py",
    "paging/body_path.py",
    "paging/body_shape.py",
    "paging/boundaries.py",
    "paging/change.py",
    "paging/charset.py",
    "paging/detect.py",
    "paging/detection.py",
    "paging/envelope.py",
    "paging/evidence.py",
    "paging/extent.py",
    "paging/incomplete.py",
    "paging/links.py",
    "paging/lossless_json.py",
    "paging/lower_bounds.py",
    "paging/meaning.py",
    "paging/more_signs.py",
    "paging/next_address.py",
    "paging/next_places.py",
    "paging/not_json.py",
    "paging/page_words.py",
    "paging/paginators/auto.py",
    "paging/paginators/cursor.py",
    "paging/paginators/following.py",
    "paging/paginators/header_cursor.py",
    "paging/paginators/header_link.py",
    "paging/paginators/json_link.py",
    "paging/paginators/offset.py",
    "paging/paginators/page_number.py",
    "paging/paginators/rules.py",
    "paging/paginators/single_page.py",
    "paging/rate_headers.py",
    "paging/reason.py",
    "paging/record_key.py",
    "paging/records.py",
    "paging/said.py",
    "paging/response_action.py",
    "paging/retry_after.py",
    "paging/sections.py",
    "paging/selector.py",
    "paging/totals.py",
    "partitions/listed.py",
    "partitions/moments.py",
    "partitions/placeholders.py",
    "partitions/values.py",
    "partitions/window.py",
    "partitions/windows.py",
    "specs/contradictions.py",
    "specs/cursor_value.py",
    "specs/fields.py",
    "specs/incremental.py",
    "specs/model.py",
    "specs/output.py",
    "specs/page_request.py",
    "specs/parse.py",
    "specs/partitioned.py",
    "specs/planned.py",
    "specs/schema.py",
    "specs/stored.py",
)
WHOLE_ROOMS = ("paging", "partitions", "specs")
_KILLED = (1, 3, 24, 36, 152, 255, -24, -9)
"""What pytest ends with for a mutant that a test notices, or that does not come to an end."""
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_CONFIG = """
[tool.pytest.ini_options]
addopts = "--strict-markers -p no:cacheprovider --assert=plain"
[tool.mutmut]
source_paths = ["poller"]
only_mutate = {only}
also_copy = ["tests"]
pytest_add_cli_args_test_selection = ["tests"]
use_git_change_detection = false
track_dependencies = false
"""
_CONFTEST = '''
"""One failure is enough, however large; and mutmut asks for tests by ids that have to survive a command line."""

import re
import sys

import pytest
from hypothesis import Phase, settings

settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate])
settings.load_profile("mutants")
sys.setrecursionlimit(4000)  # each call of a mutated function takes three frames


def plain(value):
    return re.sub(r"[^\\w. -]+", "_", str(value), flags=re.A)[:60]


def pytest_make_parametrize_id(val):
    return plain(val) if isinstance(val, (str, bytes)) else None


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc):
    parametrize = metafunc.parametrize

    def with_plain_ids(*args, ids=None, **more):
        parametrize(*args, ids=(lambda value: plain(ids(value))) if callable(ids) else ids, **more)

    metafunc.parametrize = with_plain_ids
'''


@dataclass(frozen=True, order=True)
class Survivor:
    """`change` is `old line → new line`, without indentation: line numbers and mutmut's own move too often."""

    file: str
    function: str
    change: str

    def __str__(self) -> str:
        return f"{self.file} {self.function}: {self.change}"


def main(patterns: list[str]) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        tree = Path(directory)
        stage(tree)
        mutmut = Path(sys.executable).with_name("mutmut")
        done = subprocess.run(
            [mutmut, "run", *(patterns or ["*"])], cwd=tree, stdout=subprocess.PIPE, text=True, check=False
        )
        results = [result for result in _results(tree) if not patterns or any(fnmatch(result[0], p) for p in patterns)]
        if done.returncode or not results or any(code is None for _, code, _ in results):
            _say(f"mutmut ended with {done.returncode} before it was done:\n{done.stdout[-3000:]}")
            return 1
    alive = {survivor for _, code, survivor in results if code not in _KILLED}
    reasons = listed()
    of_words = {survivor for survivor in alive if changes_words_only(survivor.change)}
    unlisted = sorted(alive - of_words - {s for s in alive if str(s) in reasons})
    gone = [text for text in reasons if not patterns and text not in map(str, alive)]
    for survivor in unlisted:
        _say(f"SURVIVED  {survivor}")
    for text in gone:
        _say(f"KILLED    {text}, which survivors.toml lists as alive")
    _say(
        f"{len(results)} mutants in {time.monotonic() - began:.0f} seconds: {len(results) - len(alive)} killed, "
        f"{len(of_words)} in a message's words, {len(alive) - len(of_words) - len(unlisted)} with a reason, "
        f"{len(unlisted)} without"
    )
    return 1 if unlisted or gone else 0


def listed() -> dict[str, str]:
    """Reason by survivor."""
    groups = tomllib.loads(LIST.read_text())["alive"]
    return {text: group["why"] for group in groups for text in group["mutants"]}


def stage(tree: Path) -> None:
    """A tree of the product's package, the pure rooms' tests, and mutmut's configuration."""
    shutil.copytree(
        ROOT / "src" / "functions" / "poller", tree / "poller", ignore=shutil.ignore_patterns("__pycache__")
    )
    for path in (tree / "poller").rglob("*.py"):
        path.write_text(decorated_below(path.read_text()))
    for folder in ("support", "apis"):
        shutil.copytree(ROOT / "tests" / folder, tree / "tests" / folder)
    for test in tests():
        (tree / test).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / test, tree / test)
    for package in {path.parent for path in (tree / "tests").rglob("*.py")} | {tree / "tests"}:
        (package / "__init__.py").touch()
    (tree / "tests" / "conftest.py").write_text(_CONFTEST)
    only = json.dumps([f"poller/{file}" for file in FILES])
    (tree / "pyproject.toml").write_text(_CONFIG.format(only=only))


def tests() -> list[Path]:
    """The tests of rooms that are pure as a whole; in others, those that are named after a pure file."""
    whole = [path for room in WHOLE_ROOMS for path in (ROOT / "tests" / room).rglob("test_*.py")]
    named = [ROOT / "tests" / Path(file).with_name(f"test_{Path(file).name}") for file in FILES]
    return sorted({path.relative_to(ROOT) for path in [*whole, *named] if path.is_file()})


def decorated_below(source: str) -> str:
    """`source` with `C = decorator(C)` after a class instead of `@decorator` before it."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.ClassDef):
            calls = [f"{node.name} = {ast.unparse(call)}({node.name})" for call in reversed(node.decorator_list)]
            lines[node.end_lineno : node.end_lineno] = calls
            for call in node.decorator_list:
                lines[call.lineno - 1 : call.end_lineno] = [""] * (call.end_lineno - call.lineno + 1)
    return "\n".join(lines) + "\n"


def _results(tree: Path) -> Iterator[tuple[str, int | None, Survivor]]:
    """Each mutant's name, how its tests ended, and what it changes."""
    for meta in sorted((tree / "mutants").rglob("*.meta")):
        mutated = meta.with_suffix("")
        text = mutated.read_text()
        functions = dict(_functions(ast.parse(text), text.splitlines()))
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            mutant = name.rpartition(".")[2]
            original = f"{mutant.rpartition('__mutmut_')[0]}__mutmut_orig"
            function = original.removesuffix("__mutmut_orig").removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
            change = _change(functions[original].replace(original, "_"), functions[mutant].replace(mutant, "_"))
            yield name, code, Survivor(str(mutated.relative_to(tree / "mutants" / "poller")), function, change)


def _functions(tree: ast.Module | ast.ClassDef, lines: list[str]) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, lines)


def _change(old: str, new: str) -> str:
    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))[2:]
    return " → ".join(" / ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")


def changes_words_only(change: str) -> bool:
    """Whether one text of several words was changed and nothing else: tests look for what matters in a message."""
    old, _, new = change.partition(" → ")
    differ = [(a, b) for a, b in zip(_TEXT.findall(old), _TEXT.findall(new), strict=False) if a != b]
    same_around = _TEXT.sub("", old) == _TEXT.sub("", new)
    return same_around and len(differ) == 1 and " " in differ[0][0] and _letters(differ[0][0]) == _letters(differ[0][1])


def _letters(text: str) -> str:
    return text.strip('"').removeprefix("XX").removesuffix("XX").lower()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
