"""Workers are counted by their process ids, which functions give back."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.emulator import Emulator, eventually

WORKERS = 8
OF_ONE = 2
SLOW = "import os, time\ndef handler(event, context):\n    time.sleep(0.3)\n    return os.getpid()"
CALLING = """
import json
import boto3

def handler(event, context):
    answer = boto3.client("lambda").invoke(FunctionName=event["function"])
    return json.load(answer["Payload"])
"""
BROKEN = "import nothing_of_this_name"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that allows the fewest workers, and ends them soon."""
    options = ("--workers", str(WORKERS), "--idle-seconds", "3")
    emulator = Emulator(tmp_path_factory.mktemp("small"), options)
    emulator.start()
    emulator.create_role()
    yield emulator
    assert emulator.ended(20, by=signal.SIGTERM) == 0


def asked(emulator: Emulator, name: str, **event: Any) -> Any:
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.load(answer["Payload"])


def asked_at_once(emulator: Emulator, name: str, calls: int, **event: Any) -> list[Any]:
    with ThreadPoolExecutor(calls) as threads:
        return [*threads.map(lambda _: asked(emulator, name, **event), range(calls))]


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.gap
def test_calls_wait_their_turn_for_a_few_workers(small: Emulator) -> None:
    processes = asked_at_once(small, small.function(SLOW), 20)

    assert all(isinstance(process, int) for process in processes)
    assert len({*processes}) <= OF_ONE


@pytest.mark.gap
def test_callers_that_hold_workers_do_not_keep_them_from_those_they_call(small: Emulator) -> None:
    calling, called = small.function(CALLING), small.function(SLOW)

    processes = asked_at_once(small, calling, 10, function=called)

    assert all(isinstance(process, int) for process in processes)


@pytest.mark.gap
def test_children_of_a_map_wait_their_turn(small: Emulator) -> None:
    task = {"Type": "Task", "Resource": small.function(SLOW), "End": True}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Ask", "States": {"Ask": task}}
    state = {"Type": "Map", "MaxConcurrency": 25, "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}

    execution = small.run(state, {"items": [*range(25)]})

    assert len(json.loads(execution["output"])) == 25


@pytest.mark.gap
def test_idle_workers_make_room_for_other_functions(small: Emulator) -> None:
    processes = [asked(small, small.function(SLOW)) for _ in range(WORKERS + 2)]

    assert sum(map(alive, processes)) <= WORKERS


@pytest.mark.gap
def test_idle_workers_end_and_their_function_goes_on_answering(small: Emulator) -> None:
    function = small.function(SLOW)
    first = asked(small, function)

    eventually(lambda: not alive(first))

    assert asked(small, function) != first


@pytest.mark.gap
def test_function_that_cannot_be_imported_says_so_and_takes_no_workers(small: Emulator) -> None:
    answers = asked_at_once(small, small.function(BROKEN), 10)

    assert all("nothing_of_this_name" in answer["errorMessage"] for answer in answers)
    assert isinstance(asked(small, small.function(SLOW)), int)


@pytest.mark.parametrize(("variable", "value"), [("POLLER_WORKERS", "7"), ("POLLER_IDLE_SECONDS", "soon")])
def test_limits_that_are_none_are_refused(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(pytest.fail.Exception, match=f"'{value}' is no whole number"):
        Emulator(tmp_path).start()


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    processes = asked_at_once(plain, plain.function(SLOW), 8)

    assert len({*processes}) > OF_ONE
