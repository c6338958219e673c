"""`make bench`: measures, prints a line a figure, and ends with 1 where a budget is missed.

`python -m benchmarks [PART …]`, all parts or some. `proof-of-many`
takes minutes, and runs only when it is asked for.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import fetching, importing, jobs, planning, proof, rate, reading, walking
from benchmarks.report import Figure

_PYTHON = Path(".venv/bench/bin/python").absolute()  # has the functions' requirements, and dlt

MEASUREMENTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "fetching": partial(fetching.measure, _PYTHON),
    "walking": walking.measure,
    "planning": planning.measure,
    "importing": partial(importing.measure, _PYTHON),
    "reading": reading.measure,
    "proof": proof.measure,
    "rate": rate.measure,
    "jobs": jobs.measure,
}

ON_REQUEST = {"proof-of-many": partial(proof.measure, proof.MANY)}


def main(names: list[str]) -> int:
    sys.excepthook = sys.__excepthook__  # the handlers' logger would write one line of JSON
    began = time.monotonic()
    missed = 0
    for name in names or MEASUREMENTS:
        for figure in (MEASUREMENTS | ON_REQUEST)[name]():
            print(figure, flush=True)  # noqa: T201
            missed += not figure.is_met
    print(f"{missed} budgets missed, {time.monotonic() - began:.0f} s")  # noqa: T201
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
