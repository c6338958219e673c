"""A killer that counts every call to the outside."""

from typing import Any

import botocore.client
import pytest

from poller.jobs.workflow import Workflow
from poller.upstream.client import Upstream
from tests.support.killing import Killer


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    killer = Killer()

    def watch(owner: type, name: str) -> None:
        call = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            answer = call(*args, **kwargs)
            killer.after_call(args[1] if isinstance(args[1], str) else name)
            return answer

        monkeypatch.setattr(owner, name, watched)

    # After itself, the first argument of one is the name of the operation, of the other a request.
    watch(botocore.client.BaseClient, "_make_api_call")
    watch(Upstream, "send")
    monkeypatch.setattr(Workflow, "start", lambda *_: killer.after_call("start"))
    monkeypatch.setattr(Workflow, "stop", lambda *_: killer.after_call("stop"))
    return killer
