"""First answers of well-known APIs, shortened, as files: tests/apis/NAME.json holds the headers and the body."""

import json

from poller.values import Response
from tests.support.template import ROOT

APIS = ROOT / "tests" / "apis"


def api(name: str) -> Response:
    sample = json.loads((APIS / f"{name}.json").read_text())
    return Response(200, sample["headers"], json.dumps(sample["body"]).encode())
