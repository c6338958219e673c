"""What `poller up` notes about the stack that it brought up."""

import json
from pathlib import Path

STACK = {
    "endpoint_url": "http://127.0.0.1:4566",
    "api_url": "http://127.0.0.1:4566/_aws/execute-api/abc/$default",
    "external_api_url": None,
    "outputs": {"DatasetBucket": "dataset"},
}
TEMPLATE = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"PollerHttpApiUrl": {"Value": "https://abc.execute-api.eu-central-1.amazonaws.com"}},
}


def store(stack: object, directory: Path) -> None:
    (directory / ".poller").mkdir()
    (directory / ".poller" / "stack.json").write_text(json.dumps(stack))
