"""Reading a downloaded dataset."""

import gzip
from pathlib import Path


def lines(directory: Path) -> list[str]:
    """Every record's text, in the order of the tasks."""
    found: list[str] = []
    for path in sorted(directory.glob("*.jsonl.gz")):
        found += gzip.decompress(path.read_bytes()).decode().splitlines()
    return found
