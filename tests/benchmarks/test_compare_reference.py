"""What can be said of the comparison without a sample to compare with."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks import compare_reference, sample
from tests.support.local_stack import LocalStack

WARM = compare_reference.Setting("100 pages warm", 100, most=1.0)
COLD = compare_reference.Setting("100 pages cold", 100, most=1.0, is_cold=True)


class Times:
    """A job on each side, with canned seconds, and what was done in which order."""

    def __init__(self, ours: list[float], theirs: list[float]) -> None:
        self.left = {"ours": ours, "theirs": theirs}
        self.done: list[str] = []

    def ours(self, pages: int) -> float:
        self.done.append(f"ours {pages}")
        return self.left["ours"].pop(0)

    def theirs(self, pages: int) -> float:
        self.done.append(f"theirs {pages}")
        return self.left["theirs"].pop(0)

    def restart(self) -> None:
        self.done.append("restart")


def test_the_best_rounds_are_compared() -> None:
    times = Times(ours=[3.0, 1.5, 9.0], theirs=[2.0, 8.0, 3.0])

    figure = compare_reference.compared(WARM, times.ours, times.theirs, times.restart)

    assert figure.value == pytest.approx(0.75)
    assert figure.is_met
    assert "ours 1.50 s, the sample 2.00 s" in str(figure)
    assert times.done == ["theirs 100", "ours 100"] * 3


def test_a_slower_round_misses_the_budget() -> None:
    times = Times(ours=[2.1] * 3, theirs=[2.0] * 3)

    assert not compare_reference.compared(WARM, times.ours, times.theirs, times.restart).is_met


def test_each_cold_job_is_the_first_after_a_start() -> None:
    times = Times(ours=[1.0] * 3, theirs=[1.0] * 3)

    compare_reference.compared(COLD, times.ours, times.theirs, times.restart)

    assert times.done == ["restart", "theirs 100", "restart", "ours 100"] * 3


def test_our_own_job_is_measured_by_what_the_api_allows() -> None:
    figure = compare_reference.own_figure("warm", 31.25, most=1.25)

    assert figure.value == pytest.approx(2.0)  # 10,000 pages, 32 at a time, 50 ms each: 15.6 s
    assert not figure.is_met


def test_without_a_reference_the_line_says_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stack(LocalStack):
        def up(self, *arguments: str) -> None:
            assert not arguments, "IAM is enforced where the sample is not there"

        def run(self, *_arguments: str, **_options: object) -> None:  # type: ignore[override]
            pass

    monkeypatch.setattr(compare_reference, "stack_in", lambda directory: nullcontext(Stack(directory, 0)))
    monkeypatch.setattr(compare_reference, "_polling", lambda _stack, _in_flight: lambda _pages: 20.0)

    skipped, cold, warm = compare_reference.measure(None)

    assert str(skipped).startswith("SKIPPED  the sample: name a checkout")
    assert str(cold).startswith("10,000 pages cold")
    assert str(warm).startswith("10,000 pages warm")


def test_a_folder_without_the_sample_cannot_be_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample.shutil, "which", lambda tool: f"/usr/bin/{tool}")

    with pytest.raises(sample.NotDeployable, match="holds no checkout of aws-samples/sam-api-poller"):
        sample.deploy(tmp_path, tmp_path / "copy", LocalStack(tmp_path, 0))


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample.shutil, "which", lambda _tool: None)

    with pytest.raises(sample.NotDeployable, match="node and npm not installed"):
        sample.deploy(tmp_path, tmp_path / "copy", LocalStack(tmp_path, 0))


def test_a_template_is_adapted() -> None:
    function = {"Type": "AWS::Serverless::Function", "Metadata": {"BuildMethod": "makefile"}, "Properties": {}}
    workflow = {"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": "a.yaml", "Type": "STANDARD"}}
    layer = {"Type": "AWS::Serverless::LayerVersion"}
    template = {
        "Globals": {"Function": {"Runtime": "nodejs14.x", "Layers": ["…"], "Timeout": 30}},
        "Resources": {"F": function, "PollerStateMachine": workflow, "LambdaDependenciesLayer": layer},
        "Outputs": {"StateMachineName": {"Value": "…"}},
    }

    adapted = sample.adapted(template)

    assert adapted["Globals"]["Function"] == {"Runtime": sample.RUNTIME, "CodeUri": "built", "Timeout": 30}
    assert adapted["Resources"] == {
        "F": {"Type": "AWS::Serverless::Function", "Properties": {}},
        "PollerStateMachine": {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": {"DefinitionUri": "workflow.asl.json", "Type": "STANDARD"},
        },
    }
    assert {*adapted["Outputs"]} == {"StateMachineName", "QueueUrl", "TableName"}
