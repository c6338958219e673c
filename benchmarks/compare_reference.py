"""Beside the public sample that this product grew from, on one local stack, polling the same API.

`python -m benchmarks.compare_reference [--reference DIR] [--rounds N]`: DIR is a checkout of the sample,
aws-samples/sam-api-poller. Without it, or where it cannot be deployed, the lines about it say SKIPPED and why. Ends
with 1 where a budget is missed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.executions import follow
from benchmarks.jobs import stack_in
from benchmarks.partner import PAGE_RECORDS, serving
from benchmarks.report import Figure
from benchmarks.sample import NotDeployable, Sample, deploy
from tests.support.local_stack import LocalStack

LATENCY_SECONDS = 0.05
IN_FLIGHT = 25  # what the sample's workflow asks for
OWN_IN_FLIGHT, OWN_PAGES = 32, 10_000
ROUNDS = 3

Job = Callable[[int], float]
"""Polls so many pages, and says how many seconds that took."""


@dataclass(frozen=True)
class Setting:
    """What is compared, and the most that our time may be of the sample's."""

    what: str
    pages: int
    most: float
    is_cold: bool = False


SETTINGS = (
    Setting("100 pages warm", 100, most=1.0),
    Setting("600 pages warm", 600, most=1 / 3),
    Setting("100 pages cold", 100, most=1.0, is_cold=True),
)


def compared(setting: Setting, ours: Job, theirs: Job, restart: Callable[[], None], number: int = ROUNDS) -> Figure:
    """Our best round beside the sample's best, in turn: another program can only make a round slower."""
    rounds: list[tuple[float, float]] = []
    for _ in range(number):
        times = []
        for job in (theirs, ours):
            if setting.is_cold:
                restart()
            times.append(job(setting.pages))
        rounds.append((times[0], times[1]))
    sample, own = (min(times) for times in zip(*rounds, strict=True))
    what = f"{setting.what}, ours / the sample's"
    said = f"ours {own:.2f} s, the sample {sample:.2f} s; {LATENCY_SECONDS * 1000:g} ms API, {IN_FLIGHT} in flight"
    return Figure(what, own / sample, "times", said, most=setting.most)


def own_figure(state: str, seconds: float, most: float) -> Figure:
    """The job that the sample cannot do, beside what the API itself allows."""
    least = OWN_PAGES / OWN_IN_FLIGHT * LATENCY_SECONDS
    what = f"{OWN_PAGES:,} pages {state}, ours / what the API allows"
    said = f"ours {seconds:.1f} s, the API {least:.1f} s: {OWN_IN_FLIGHT} in flight, {LATENCY_SECONDS * 1000:g} ms each"
    return Figure(what, seconds / least, "times", said, most=most)


def _polling(stack: LocalStack, in_flight: int) -> Job:
    def poll(pages: int) -> float:
        with serving(pages, LATENCY_SECONDS) as partner, stack.client() as client:
            began = time.perf_counter()
            job_id = client.submit(partner.spec(name="bench", max_concurrency=in_flight))
            follow(stack, stack.output("StateMachineName"), job_id)
            seconds = time.perf_counter() - began
            summary = client.job(job_id)
        if (summary["Status"], summary["RecordsReceived"]) != ("SUCCEEDED", pages * PAGE_RECORDS):
            raise AssertionError(f"the job ended as {summary}")
        return seconds

    return poll


def _sampling(sample: Sample) -> Job:
    def poll(pages: int) -> float:
        with serving(pages, LATENCY_SECONDS) as partner:
            return sample.seconds(partner.url, pages)

    return poll


def measure(reference: Path | None, rounds: int = ROUNDS) -> Iterator[Figure | str]:
    """A figure a line; a text is a line about what could not be measured."""
    with tempfile.TemporaryDirectory() as directory, stack_in(Path(directory)) as stack:
        if reference is None:
            yield "SKIPPED  the sample: name a checkout of aws-samples/sam-api-poller with --reference DIR"
        else:
            stack.up("--no-enforce-iam")  # the emulator does not know what the sample's integrations need
            try:
                sample = deploy(reference, Path(directory) / "reference", stack)
            except NotDeployable as reason:
                yield f"SKIPPED  the sample: {reason}"
            else:
                ours, theirs = _polling(stack, IN_FLIGHT), _sampling(sample)
                for poll in (ours, theirs):
                    poll(SETTINGS[0].pages)  # the first, cold one does not count
                for setting in SETTINGS:
                    yield compared(setting, ours, theirs, lambda: _restart(stack), rounds)
            stack.run("down")
        stack.up()
        own = _polling(stack, OWN_IN_FLIGHT)
        yield own_figure("cold", own(OWN_PAGES), most=1.5)
        yield own_figure("warm", own(OWN_PAGES), most=1.25)


def _restart(stack: LocalStack) -> None:
    stack.run("down")
    stack.up("--no-enforce-iam")


def main(arguments: list[str]) -> int:
    sys.excepthook = sys.__excepthook__  # the handlers' logger would write one line of JSON
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_reference")
    parser.add_argument("--reference", metavar="DIR", type=lambda path: Path(path).resolve())
    parser.add_argument("--rounds", metavar="N", type=int, default=ROUNDS)
    given = parser.parse_args(arguments)
    missed = 0
    for line in measure(given.reference, given.rounds):
        print(line, flush=True)  # noqa: T201
        missed += isinstance(line, Figure) and not line.is_met
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
