"""The README's commands do what it says: every `sh` block is run, in order, in a fresh copy of the tree."""

import re
import subprocess

from tests.support.local_stack import LocalStack
from tests.support.template import ROOT, functions

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def test_the_two_commands_come_first() -> None:
    # `make demo` is run by test_demo.py; `make test` is what runs this.
    assert blocks("sh")[0] == "make demo\nmake test\n"


def test_the_first_job_of_your_own_works_as_written(stack: LocalStack) -> None:
    *steps, last = blocks("sh")[1:]

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(steps)],
        cwd=stack.root, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert last == ".venv/bin/poller down\n"  # the fixture does that, and test_laptop.py looks at it
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCEEDED" in done.stdout
    assert '{"id":0,"serial":9007199254740993,"city":"Zürich","amount":0.0,' in done.stdout
    assert '"FailedEntryCount": 0' in done.stdout
    assert '"RecordsReceived": 10000' in done.stdout


def test_every_function_is_shown_with_its_sample_event() -> None:
    shown = dict(re.findall(r"sam local invoke (\w+) --event (\S+)", "".join(blocks("console"))))

    assert set(shown) == set(functions())
    assert all((ROOT / path).is_file() for path in shown.values())


def test_links_lead_somewhere() -> None:
    for path in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / path).exists(), path
