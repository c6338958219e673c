import signal
import time

import pytest

from tests.support.emulated_apis import ECHO, answering
from tests.support.emulator import Emulator, eventually


def saved_since(server: Emulator, moment: float) -> bool:
    times = {file.stem: file.stat().st_mtime for file in (server.data / "state").glob("*.json")}
    return all(times.get(service, 0) > moment for service in ("apigateway", "iam", "lambda"))


@pytest.mark.gap
def test_state_survives_sigkill(server: Emulator) -> None:
    server.start()
    ask = answering(server)
    before = ask()
    deployed_at = time.time()

    eventually(lambda: saved_since(server, deployed_at))
    server.ended(10, by=signal.SIGKILL)
    server.start()

    assert ask() == before != ""


@pytest.mark.still_needed
def test_still_needed(server: Emulator) -> None:
    server.options = ("--without-gaps",)
    server.start()
    server.create_role()
    server.function(ECHO)
    deployed_at = time.time()

    with pytest.raises(pytest.fail.Exception, match="nothing within"):
        eventually(lambda: saved_since(server, deployed_at), seconds=7)
