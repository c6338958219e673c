"""The README's first command, on the real stack: `make demo`."""

import json
import re
import subprocess
from pathlib import Path

from external_api.payload_generator import TOTAL_RECORDS, record
from tests.support.dataset import lines
from tests.support.local_stack import LocalStack


def test_make_demo_brings_every_record_exactly_as_generated(stack: LocalStack) -> None:
    (Path(stack.root) / ".venv" / ".ready").touch()

    done = subprocess.run(
        ["make", "demo"], cwd=stack.root, capture_output=True, text=True, check=False, timeout=300
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    job_id = re.search(r"Job ([0-9a-f-]{36})", done.stdout + done.stderr)
    assert job_id is not None
    expected = [
        json.dumps(record(number), ensure_ascii=False, separators=(",", ":")) for number in range(TOTAL_RECORDS)
    ]
    assert lines(stack.root / ".poller" / "demo" / job_id[1]) == expected
    assert "SUCCEEDED" in done.stdout
    assert f"s3://{stack.output('DatasetBucket')}/demo/{job_id[1]}/" in done.stdout
    assert '"serial": 9007199254740993' in done.stdout
    summary = json.loads(stack.run("status", job_id[1], "--json").stdout)
    assert summary["SuccessfullyCompleted"] == summary["Total"]
    assert summary["Pages"] == summary["PagesPlanned"] == summary["PagesArrived"] == 100
    assert summary["Requests"] > 100
    assert summary["Retried"] > 0
    assert summary["RecordsReceived"] == summary["RecordsExpected"] == TOTAL_RECORDS
