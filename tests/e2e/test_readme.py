"""The README's commands do what it says: those for a laptop are run here, in order, in a fresh copy of the tree."""

import re
import subprocess
from pathlib import Path

import pytest

from poller_local.render import summary_lines
from poller_local.summary import parse_summary
from tests.support.documents import blocks, commands
from tests.support.local_stack import LocalStack
from tests.support.template import ROOT, functions

README = ROOT / "README.md"
SECTION = "A first job of your own"
*STEPS, DOWN = commands(README, SECTION)
CONSOLE = [block.text for block in blocks(README) if block.language == "console"]
(LOADING,) = [block.text for block in blocks(README) if block.language == "python"]
NOT_RUN_AS_WRITTEN = {
    "make demo\nmake test\n": "test_demo.py runs what the first runs; the second runs this",
    DOWN: "the fixture does that, and test_laptop.py looks at it",
    LOADING: "tests/contract/test_dataset_docs.py runs it",
    CONSOLE[0]: "sam local invoke needs Docker; the sample events are run by test_sample_events.py",
}


def test_every_command_is_run_by_a_test_or_has_a_reason_not_to_be() -> None:
    run = {*STEPS, *commands(README, "Deploy to AWS")}  # test_walkthrough.py runs these

    shown = {block.text for block in blocks(README) if block.language not in ("", "json", "mermaid")}

    assert shown == run | set(NOT_RUN_AS_WRITTEN)


def test_the_two_commands_come_first() -> None:
    assert commands(README, "Try it") == ["make demo\nmake test\n"]


def test_the_first_job_of_your_own_works_as_written(stack: LocalStack) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(STEPS)],
        cwd=stack.root, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCEEDED" in done.stdout
    assert '{"id":0,"serial":9007199254740993,"city":"Zürich","amount":0.0,' in done.stdout
    assert "Copy the dataset with: poller results" in done.stderr
    assert '"FailedEntryCount": 0' in done.stderr
    assert '"RecordsReceived": 10000' in done.stdout


def test_the_line_that_posts_a_job_names_a_body_that_is_none(stack: LocalStack) -> None:
    (post,) = (step for step in STEPS if "tee /dev/stderr" in step)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"printf '[1]' > job.json\n{post}"],
        cwd=stack.root, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode != 0
    assert '"ErrorMessage": "Detail is malformed."' in done.stderr


def test_the_sample_output_is_what_is_printed_today() -> None:
    """Its labels, in order: the values are another stack's."""
    shown = "".join(block.text for block in blocks(README) if (block.section, block.language) == (SECTION, ""))
    proof = {"End": "seen", "Distinct": 1, "Repeated": 0, "Key": None, "Moved": False, "Mended": 0}
    fields = {"Status": "SUCCEEDED", "Name": "orders", "Url": "u", "FinishedAt": "f", "RunSeconds": 31}
    summary = parse_summary({**fields, "Proof": proof, "Requests": 110})

    labels = [re.split(r"  | (?=\d)", line)[0] for line in shown.splitlines() if not line.startswith(" ")]

    assert labels[:4] == ["API", "Demonstration API", "AWS endpoint", "Outputs"]
    assert labels[4:-1] == [label for label, _value, _style in summary_lines(summary)]


def test_every_function_is_shown_with_its_sample_event() -> None:
    shown = dict(re.findall(r"sam local invoke (\w+) --event (\S+)", "".join(CONSOLE)))

    assert set(shown) == set(functions())
    assert all((ROOT / path).is_file() for path in shown.values())


@pytest.mark.parametrize("document", [README, *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for path, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", document.read_text()):
        target = (document.parent / path) if path else document
        assert target.exists(), path
        headings = re.findall(r"^#+ (.+)$", target.read_text(), flags=re.M) if heading else []
        assert not heading or heading in [h.lower().replace(" ", "-") for h in headings], heading
