import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.emulator import Emulator


def entry(detail: str, **others: Any) -> dict[str, Any]:
    return {"Source": "test", "DetailType": "test", "Detail": detail, **others}


@pytest.mark.gap
@pytest.mark.parametrize("detail", ["[]", '"text"', "7", "null", "{", "nonsense"])
def test_only_an_object_is_a_detail(emulator: Emulator, detail: str) -> None:
    events = emulator.client("events")

    answer = events.put_events(Entries=[entry("{}"), entry(detail), entry('{"a": 1}')])

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1] == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    assert all("EventId" in answer["Entries"][accepted] for accepted in (0, 2))


@pytest.mark.gap
def test_missing_field_is_an_invalid_argument(emulator: Emulator) -> None:
    events = emulator.client("events")

    answer = events.put_events(Entries=[{"Source": "test", "Detail": "{}"}])

    assert answer["Entries"][0]["ErrorCode"] == "InvalidArgument"
    assert "DetailType is a required argument" in answer["Entries"][0]["ErrorMessage"]


@pytest.mark.gap
def test_too_large_a_request_is_refused_as_a_whole(emulator: Emulator) -> None:
    events = emulator.client("events")
    half = json.dumps({"text": "x" * 600_000})

    with pytest.raises(ClientError) as refusal:
        events.put_events(Entries=[entry(half), entry(half)])

    error = refusal.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"] == "Total size of the entries in the request is over the limit."
    assert events.put_events(Entries=[entry(half)])["FailedEntryCount"] == 0


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    events = plain.client("events")

    answer = events.put_events(Entries=[entry("nonsense")])

    assert answer["FailedEntryCount"] == 0
