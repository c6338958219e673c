"""What the README says of the dataset: how it is loaded with every digit kept, and what its manifest has."""

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from poller.datasets.records import compress
from tests.support.documents import blocks
from tests.support.template import ROOT

README = ROOT / "README.md"
(LOADING,) = [block.text for block in blocks(README) if block.language == "python"]
ENDING = (ROOT / "src" / "functions" / "poller" / "jobs" / "ending.py").read_text()


def test_python_loads_every_record_in_order_and_keeps_its_digits(tmp_path: Path) -> None:
    folder = tmp_path / "orders" / "a job"
    folder.mkdir(parents=True)
    (folder / "t00000001.jsonl.gz").write_bytes(compress([b'{"price":1.10}']))
    (folder / "t00000000.jsonl.gz").write_bytes(
        compress([b'{"serial":9007199254740993}', '{"city":"Zürich"}'.encode()])
    )

    code = f"{LOADING}print(records)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)

    records = "[{'serial': 9007199254740993}, {'city': 'Zürich'}, {'price': Decimal('1.10')}]"
    assert done.stdout == f"3\n{records}\n", done.stderr


def test_the_manifest_has_the_fields_that_are_named() -> None:
    (said,) = re.findall(r"^`_manifest.json` is written last(.*?)\n\n", README.read_text(), flags=re.M | re.S)

    named = set(re.findall(r"`([A-Z]\w+)`", said))

    written = set(re.findall(r'^ +"(\w+)": ', ENDING, flags=re.M))
    assert written - named == {"JobId", "Name", "TaskId"}
    assert named <= written


def test_duckdb_makes_parquet_of_a_dataset_as_the_spec_s_document_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (statement,) = [block.text for block in blocks(ROOT / "docs" / "job-spec.md") if block.language == "sql"]
    folder = tmp_path / "orders" / "a job"
    folder.mkdir(parents=True)
    (folder / "t00000000.jsonl.gz").write_bytes(compress([b'{"serial":9007199254740993,"city":"Z\xc3\xbcrich"}']))
    (folder / "t00000001.jsonl.gz").write_bytes(compress([b'{"serial":2,"city":null}']))
    monkeypatch.chdir(tmp_path)

    duckdb.sql(statement)

    assert duckdb.sql("FROM 'orders.parquet'").fetchall() == [(9007199254740993, "Zürich"), (2, None)]
