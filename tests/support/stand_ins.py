"""Stand-ins for tools of the AWS walkthrough, first on the PATH of the test that runs it on the emulator.

An HTTP API's address is `https://ID.execute-api.REGION.amazonaws.com`, in the outputs as on AWS. `curl` and `poller`
are led from there to the emulator; both sign as ever, which the emulator checks. `aws` is version 1, which comes as a
Python package, with the one command of version 2 that the walkthrough needs. `jq` is its library with a command line,
for machines without jq.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("awscli==1.46.3", "jq==1.13.0")
NAMES = ("aws", "curl", "jq", "poller")
_API = re.compile(r"https://(?P<id>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def install(directory: Path) -> Path:
    """Makes a folder for the front of the PATH. The packages get one of their own: awscli's pins are not ours."""
    packages, programs = directory / "packages", directory / "bin"
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(packages), *PACKAGES]
    subprocess.run(command, check=True, timeout=300)
    programs.mkdir()
    for name in NAMES:
        # Only these two see the packages: boto3 and botocore of the others stay what they are.
        path = f"PYTHONPATH={packages} " if name in ("aws", "jq") else ""
        program = programs / name
        program.write_text(f'#!/bin/sh\n{path}exec {sys.executable} {__file__} {name} "$@"\n')
        program.chmod(0o755)
    return programs


def at_path(text: str) -> str:
    """Addresses of HTTP APIs as the emulator's functions reach them."""
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    return _API.sub(lambda api: f"{endpoint}/_aws/execute-api/{api['id']}/$default", text)


def curl(arguments: list[str]) -> None:
    """The real curl. It signs a path as it is written, so the API has to be in the host's name, as on AWS."""
    server = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    led = [
        _API.sub(lambda api: f"http://{api['id']}.execute-api.{server}", a) if _API.match(a) else at_path(a)
        for a in arguments
    ]
    ours = Path(shutil.which("curl") or "").parent
    others = [place for place in os.environ["PATH"].split(os.pathsep) if Path(place) != ours]
    real = shutil.which("curl", path=os.pathsep.join(others))
    assert real, "curl is not installed"
    os.execv(real, ["curl", "--connect-to", f"::{server}", *led])


def aws(arguments: list[str]) -> None:
    if arguments[:2] == ["configure", "export-credentials"]:
        for name in _CREDENTIALS:
            sys.stdout.write(f"export {name}={os.environ[name]}\n")
        return
    # Said again as an option: version 1 gives SQS an endpoint of its own, whatever the environment says.
    os.execv(
        sys.executable,
        [sys.executable, "-m", "awscli", "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], *arguments],
    )


def jq(arguments: list[str]) -> None:
    """The options that the walkthrough uses, and no others."""
    import jq as library

    given, flags = {}, set()
    while arguments and arguments[0].startswith("-"):
        flag = arguments.pop(0)
        if flag == "--arg":
            name = arguments.pop(0)
            given[name] = arguments.pop(0)
        else:
            flags.add({"-r": "--raw-output", "-e": "--exit-status", "-c": "--compact-output"}.get(flag, flag))
    assert flags <= {"--raw-output", "--exit-status", "--compact-output"}, flags
    program, *files = arguments or ["."]
    text = "\n".join(Path(file).read_text() for file in files) if files else sys.stdin.read()
    result: object = None
    for result in library.compile(program, args=given).input_text(text):
        style: dict[str, Any] = {"separators": (",", ":")} if "--compact-output" in flags else {"indent": 2}
        raw = "--raw-output" in flags and isinstance(result, str)
        sys.stdout.write(f"{result if raw else json.dumps(result, ensure_ascii=False, **style)}\n")
    if "--exit-status" in flags and (result is None or result is False):
        sys.exit(1)


def poller(arguments: list[str]) -> None:
    """Finds the stack's own API by itself; the demonstration API's address is in the reader's arguments or input."""
    spec = at_path(sys.stdin.read()) if "-" in arguments else None
    program = [str(Path(sys.executable).with_name("poller")), *map(at_path, arguments)]
    sys.exit(subprocess.run(program, input=spec, text=True, check=False).returncode)


if __name__ == "__main__":
    {"aws": aws, "curl": curl, "jq": jq, "poller": poller}[sys.argv[1]](sys.argv[2:])
