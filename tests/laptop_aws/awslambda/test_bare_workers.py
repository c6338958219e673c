import json

import pytest

from tests.support.emulator import Emulator

ASKING = "import sys\ndef handler(event, context):\n    return 'botocore' in sys.modules"


def imports_the_sdk(emulator: Emulator) -> bool:
    """Whether the SDK is there in a worker of a function that does not import it."""
    answer = emulator.client("lambda").invoke(FunctionName=emulator.function(ASKING))
    return bool(json.loads(answer["Payload"].read()))


@pytest.mark.gap
def test_function_without_the_sdk_pays_nothing_for_it(emulator: Emulator) -> None:
    assert not imports_the_sdk(emulator)


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    assert imports_the_sdk(plain)
