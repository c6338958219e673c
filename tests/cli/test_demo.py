import gzip
from pathlib import Path

import pytest

from poller_local.demo import count, run_demo
from poller_local.errors import LocalStackError, PollerError
from poller_local.screen import Screen
from poller_local.stack import LocalStack
from tests.support.fake_api import JOB, SUCCEEDED, FakeApi

RECORDS = [{"id": 1, "name": "Ünal"}, {"id": 2, "name": "Ng"}, {"id": 2, "name": "Ng"}]
LINES = '{"id": 1, "name": "Ünal"}\n{"id": 2, "name": "Ng"}\n{"id": 2, "name": "Ng"}\n'.encode()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "src" / "functions").mkdir(parents=True)
    (tmp_path / "template.yaml").touch()
    return tmp_path


@pytest.fixture
def stack(api: FakeApi) -> LocalStack:
    return {"endpoint_url": api.url, "api_url": api.url, "external_api_url": f"{api.url}/external", "outputs": {}}


def ends_with(api: FakeApi, received: int, expected: int | None, status: str = "SUCCEEDED") -> None:
    api.takes_jobs()
    api.shows({**SUCCEEDED, "Status": status, "RecordsReceived": received, "RecordsExpected": expected})
    api.lists([api.stores(f"demo/{JOB}/a.jsonl.gz", gzip.compress(LINES), records=3)])


def test_the_demo_shows_where_the_dataset_is_and_what_it_holds(
    api: FakeApi, stack: LocalStack, checkout: Path, capsys: pytest.CaptureFixture[str]
):
    ends_with(api, received=3, expected=3)

    exit_status = run_demo(stack, checkout, Screen())

    shown = capsys.readouterr()
    place = checkout / ".poller" / "demo" / JOB
    assert exit_status == 0
    assert api.submitted == [{"url": f"{api.url}/external/payload", "name": "demo"}]
    assert f"Dataset  s3://dataset/demo/{JOB}/\nCopy     {place}\n" in shown.out
    assert "Holds    3 records, 2 distinct ids\n" in shown.out
    assert shown.out.endswith('First record:\n{\n  "id": 1,\n  "name": "Ünal"\n}\n')
    assert (place / "a.jsonl.gz").exists()


@pytest.mark.parametrize(
    ("received", "expected", "status"), [(3, 4, "SUCCEEDED"), (3, None, "SUCCEEDED"), (3, 3, "PARTIAL")]
)
def test_the_demo_fails_unless_every_record_is_there(  # noqa: PLR0917
    api: FakeApi, stack: LocalStack, checkout: Path, received: int, expected: int | None, status: str
):
    ends_with(api, received, expected, status)

    exit_status = run_demo(stack, checkout, Screen())

    assert exit_status == 1


def test_the_demo_does_not_trust_the_job_s_own_count(api: FakeApi, stack: LocalStack, checkout: Path):
    ends_with(api, received=4, expected=4)

    with pytest.raises(PollerError, match="The dataset holds 3 records, the job counted 4"):
        run_demo(stack, checkout, Screen())


def test_a_stack_without_the_demonstration_api(stack: LocalStack, checkout: Path):
    stack["external_api_url"] = None

    with pytest.raises(LocalStackError, match="without the demonstration API"):
        run_demo(stack, checkout, Screen())


def test_records_without_an_id_are_told_apart_by_content(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n{"x": 1}\n{"x": 2}\n')

    dataset = count([tmp_path / "a.jsonl"])

    assert (dataset.records, dataset.distinct, dataset.first) == (3, 2, {"x": 1})


def test_an_empty_dataset(tmp_path: Path):
    dataset = count([])

    assert (dataset.records, dataset.distinct, dataset.first) == (0, 0, None)
