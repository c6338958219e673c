"""Figure 4: what a cold start imports, beside boto3 with the same clients, each in a fresh interpreter.

All in the environment that has the functions' requirements and nothing of the development tools, since boto3 imports
more where more is installed. Processor time, and the least of all rounds: another process can only make it longer.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import Figure
from poller.settings import Settings
from tests.support.template import ROOT, functions

_ROUNDS = 7
_SETTINGS = [name.upper() for name in vars(Settings) if not name.startswith("_")]
# In a fresh interpreter: the handler's module, then all that its code asks `dependencies` for.
_HANDLER = """
import importlib, json, re, sys, time
from pathlib import Path
began = time.process_time()
importlib.import_module(sys.argv[1])
if dependencies := sys.modules.get("poller.handlers.dependencies"):
    ours = [m for n, m in sys.modules.items() if n.startswith("poller.handlers.")]
    reading = time.process_time()
    asked = {name for m in ours for name in re.findall(r"dependencies\\.(\\w+)\\(\\)", Path(m.__file__).read_text())}
    began += time.process_time() - reading
    built = [getattr(dependencies, name)() for name in sorted(asked)]
seconds = time.process_time() - began
"""
_SERVICES = """
found = set()
for one in built if dependencies else []:
    client = getattr(one, "_client", None) or getattr(getattr(one, "_table", one), "client", None)
    found |= {client.meta.service_model.service_name} if client else set()
"""
_BARE = """
import json, sys, time
began = time.process_time()
import boto3
for service in sys.argv[1:]:
    boto3.client(service)
seconds = time.process_time() - began
"""


def measure(python: Path) -> Iterator[Figure]:
    """`python`: the interpreter of the environment with the functions' requirements."""
    for name, body in functions().items():
        module, code = body["Handler"].removesuffix(".handler"), ROOT / body["CodeUri"]
        services = json.loads(_run(python, code, _HANDLER + _SERVICES + "print(json.dumps(sorted(found)))", module))
        ours, bare = [], []
        for _ in range(_ROUNDS):
            ours.append(float(_run(python, code, _HANDLER + "print(seconds)", module)))
            bare.append(float(_run(python, code, _BARE + "print(seconds)", *services)))
        setting = f"{min(ours) * 1000:.0f} and {min(bare) * 1000:.0f} ms with {', '.join(services) or 'no client'}"
        yield Figure(f"import of {name} / boto3", min(ours) / min(bare), "", setting, most=1.25)


def _run(python: Path, code: Path, program: str, *arguments: str) -> str:
    environment = dict.fromkeys(_SETTINGS, "none") | {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(code),
    }
    command = [str(python), "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    return done.stdout
