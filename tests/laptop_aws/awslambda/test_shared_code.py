import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.emulator import Emulator

WHERE = """
import os, time

def handler(event, context):
    time.sleep(1)  # long enough that the second call needs a worker of its own
    return {"worker": os.getpid(), "code": os.path.realpath(__file__)}
"""


def two_workers(emulator: Emulator) -> list[dict[str, str]]:
    """What two concurrent invocations of one function say about themselves.

    Workers of other tests that were busy within the last half minute make no room for a second one.
    """
    function, client = emulator.function(WHERE), emulator.client("lambda")

    def said() -> list[dict[str, str]]:
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: client.invoke(FunctionName=function), range(2)))
        return [json.loads(answer["Payload"].read()) for answer in answers]

    until, found = time.monotonic() + 60, said()
    while found[0]["worker"] == found[1]["worker"] and time.monotonic() < until:
        found = said()
    return found


@pytest.mark.gap
def test_two_workers_run_the_same_files(emulator: Emulator) -> None:
    first, second = two_workers(emulator)

    assert first["worker"] != second["worker"]
    assert first["code"] == second["code"]


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    first, second = two_workers(plain)

    assert first["code"] != second["code"]
