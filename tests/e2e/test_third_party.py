"""A server that nobody here wrote: fivetran-api-playground, 200 records, pages of at most 50."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fivetran_api_playground import app, items
from werkzeug.serving import make_server

from tests.support.dataset import lines
from tests.support.local_stack import LocalStack


@pytest.fixture(scope="module")
def playground() -> Iterator[str]:
    # One request at a time: the server sorts a list that its requests share.
    server = make_server("127.0.0.1", 0, app, threaded=False)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "paginator"),
    [
        ("/pagination/offset", "auto"),
        ("/pagination/offset", {"type": "offset", "limit": 50}),
        ("/pagination/page_number", "auto"),
        (
            "/pagination/page_number",
            {"type": "page_number", "limit_param": "per_page", "limit": 50, "total_path": "total_items"},
        ),
        ("/pagination/next_page_url", "auto"),
        ("/pagination/next_page_url", {"type": "json_link", "next_url_path": "next_page_url"}),
        (
            "/pagination/keyset",
            {"type": "cursor", "cursor_path": "scroll_param", "cursor_param": "scroll_param"},
        ),
    ],
)
def test_every_record_of_a_foreign_server_arrives(
    stack: LocalStack, playground: str, tmp_path: Path, path: str, paginator: Any
) -> None:
    with stack.client() as client:
        job = client.wait(
            client.submit({"url": playground + path, "name": "fivetran", "paginator": paginator}), timeout=120
        )
        client.download(job["JobId"], tmp_path)

    arrived = [json.loads(line) for line in lines(tmp_path)]
    assert job["Status"] == "SUCCEEDED"
    assert len(arrived) == len(items) == 200
    assert sorted(arrived, key=lambda r: r["id"]) == sorted(json.loads(json.dumps(items)), key=lambda r: r["id"])
