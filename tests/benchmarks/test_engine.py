"""`make bench` measures the handlers as they are: it is run too seldom to notice by itself when they change."""

import subprocess
import sys

from tests.support.partner import Partner, serving
from tests.support.template import ROOT

SCRIPT = """
import sys
from benchmarks import engine

job, plan = engine.plan({"url": sys.argv[1], "paginator": {"type": "offset", "limit": 10}})
engine.Worker.start(job)
print(*(number for task in plan for number in engine.ids(engine.Worker.fetch(task)[0])))
"""


def test_the_measured_engine_fetches_every_record() -> None:
    with serving(Partner(total=95)) as partner:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, partner.url],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.stderr == ""
    assert list(map(int, done.stdout.split())) == list(range(95))
