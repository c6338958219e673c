"""What a worker imports before its first answer is time that a caller waits for and AWS bills."""

import json
import os
import subprocess
import sys

from tests.support.template import ROOT, functions

SENDING = {"poller.handlers.prepare_poller_job", "poller.handlers.fetch_payload"}
_CODE = """
import gc, importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(["requests" in sys.modules, gc.isenabled()]))
"""


def after_importing(modules: set[str]) -> list[bool]:
    """Whether requests was imported, and garbage is looked for, after `modules` in an interpreter of their own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src" / "functions"), "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        [sys.executable, "-c", _CODE, *sorted(modules)], env=environment, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def test_no_function_imports_requests_before_it_sends_one() -> None:
    handlers = {body["Handler"].rpartition(".")[0] for body in functions().values()}
    modules = {module for module in handlers if module.startswith("poller.")}

    assert modules > SENDING
    assert after_importing(modules) == [False, True]


def test_the_client_imports_it() -> None:
    assert after_importing({"poller.upstream.client"}) == [True, True]
