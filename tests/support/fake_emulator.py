"""Plays the embedded AWS for the tests of `poller up`: a health path, CloudFormation, one worker.

What it answers lies in its data directory, where the tests' fake `sam` puts it: `deployed` (a stack status)
and `failed` (the reasons of failed resources, a line each, the first cause first).
"""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from urllib.parse import parse_qs

arguments = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=False))
data = Path(arguments["--data-dir"])

HOLD_LOCK = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); time.sleep(600)"
NAMESPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'
OUTPUTS = {
    "PollerHttpApiUrl": "https://abc123.execute-api.us-east-1.amazonaws.com",
    "ExternalHttpApiUrl": "https://def456.execute-api.us-east-1.amazonaws.com/",
    "DatasetBucket": "poller-dataset",
}


def stacks() -> str | None:
    if not (data / "deployed").exists():
        return None
    outputs = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for key, value in OUTPUTS.items()
    )
    status = (data / "deployed").read_text().strip()
    return (
        f"<Stacks><member><StackId>arn:aws:cloudformation:stack/poller/1</StackId><StackName>poller</StackName>"
        f"<StackStatus>{status}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>"
        f"<Outputs>{outputs}</Outputs></member></Stacks>"
    )


def stack_events() -> str:
    reasons = (data / "failed").read_text().splitlines() if (data / "failed").exists() else []
    events = [
        f"<member><StackId>1</StackId><EventId>{n}</EventId><StackName>poller</StackName>"
        f"<LogicalResourceId>Resource{n}</LogicalResourceId>"
        f"<Timestamp>{(datetime.now(UTC) + timedelta(seconds=n)).isoformat()}</Timestamp>"
        f"<ResourceStatus>CREATE_FAILED</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason></member>"
        for n, reason in enumerate(reasons)
    ]
    return f"<StackEvents>{''.join(reversed(events))}</StackEvents>"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(200 if self.path == "/_ministack/health" else 404, "{}")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        action = form["Action"][0]
        if action == "DeleteStack":
            (data / "deployed").unlink()
        answers = {"DeleteStack": lambda: "", "DescribeStackEvents": stack_events, "DescribeStacks": stacks}
        body = answers[action]()
        if body is None:
            error = "<Code>ValidationError</Code><Message>Stack with id poller does not exist</Message>"
            self.answer(400, f"<ErrorResponse {NAMESPACE}><Error>{error}</Error></ErrorResponse>")
        else:
            self.answer(
                200, f"<{action}Response {NAMESPACE}><{action}Result>{body}</{action}Result></{action}Response>"
            )

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


def stop(_signal: int, _frame: FrameType | None) -> None:
    (data / "saved").touch()
    raise SystemExit(0)


if (data.parent.parent / "broken-emulator").exists():
    raise RuntimeError("the saved state cannot be read")
subprocess.Popen([sys.executable, "-c", HOLD_LOCK, str(data / "worker.lock")])
signal.signal(signal.SIGTERM, stop)
ThreadingHTTPServer(("127.0.0.1", int(arguments["--port"])), Handler).serve_forever()
