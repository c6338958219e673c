"""Servers that nobody here wrote, on loopback, with records that are known."""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import strawberry
from flask import Flask
from strawberry import relay
from strawberry.flask.views import GraphQLView
from werkzeug.serving import make_server

from tests.support.local_stack import free_port
from tests.support.template import ROOT

ITEMS = [{"id": number, "name": f"n°{number}", "price": number / 4} for number in range(1, 236)]
_JSON_SERVER = ROOT / "requirements" / "json-server"
_PATIENCE = 60  # seconds for a server to begin


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The origin of a WSGI application that is asked one request at a time."""
    server = make_server("127.0.0.1", 0, app, threaded=False)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def datasette(folder: Path) -> Iterator[str]:
    """ITEMS as the table `items` of the database `shop`."""
    database = folder / "shop.db"
    with sqlite3.connect(database) as rows:
        rows.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
        rows.executemany("INSERT INTO items VALUES (:id, :name, :price)", ITEMS)
    rows.close()
    port = free_port()
    command = [sys.executable, "-m", "datasette", "serve", str(database), "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, f"http://127.0.0.1:{port}", "/-/versions.json") as origin:
        yield origin


@contextmanager
def json_server(folder: Path) -> Iterator[str]:
    """ITEMS under /items. The test is skipped where there is no npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("json-server is not tried: there is no npm here")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(_JSON_SERVER / file, folder)
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
    (folder / "db.json").write_text(json.dumps({"items": ITEMS}))
    port = free_port()
    program = str(folder / "node_modules" / ".bin" / "json-server")
    command = [program, "--host", "127.0.0.1", "--port", str(port), "--quiet", "db.json"]
    with _running(command, f"http://127.0.0.1:{port}", "/items/1", folder) as origin:
        yield origin


def relay_server() -> Flask:
    """ITEMS as a connection of GraphQL, at /graphql."""
    names = {str(item["id"]): str(item["name"]) for item in ITEMS}

    @strawberry.type
    class Item(relay.Node):
        code: relay.NodeID[str]
        name: str

    @strawberry.type
    class Query:
        @relay.connection(relay.ListConnection[Item])
        def items(self) -> Iterable[Item]:
            return [Item(code=code, name=name) for code, name in names.items()]

    app = Flask("relay")
    app.add_url_rule("/graphql", view_func=GraphQLView.as_view("graphql", schema=strawberry.Schema(query=Query)))
    return app


@contextmanager
def _running(command: list[str], origin: str, path: str, folder: Path | None = None) -> Iterator[str]:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _PATIENCE
        while not _answers(origin + path):
            assert process.poll() is None, f"{command[0]} has ended"
            assert time.monotonic() < end, f"{command[0]} does not answer"
            time.sleep(0.1)
        yield origin
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
