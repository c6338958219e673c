import gzip

import pytest

from poller.paging.not_json import what_it_was
from poller.values import Response


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity, gzip"])
def test_what_calls_itself_gzip_and_is_none_says_so(encoding):
    broken = Response(200, {"content-encoding": encoding}, gzip.compress(b"[]")[:-4])

    found = what_it_was(broken)

    assert (found.said, found.is_meant) == ("; its Content-Encoding says gzip, and it is no sound gzip", False)


@pytest.mark.parametrize(
    ("body", "is_lines"),
    [
        (b'{"id": 1}\n{"id": 2}\n', True),
        (b'{"id": 1}\n{"id": 2}\nnot JSON\n{"id": 4}\n{"id": 5}', True),
        (b'\n{"id": 1}\r\n[2]', True),
        (b'{"a": 1}\t{"a": 2}', False),
        (b'{"id": 1}', False),
        (b'{"id": 1}\n2\n', False),
        (b'{"id": 1}\n\n\n{"id": 2}', False),
    ],
)
def test_values_on_lines_of_their_own_are_known_by_the_first_of_them(body, is_lines):
    found = what_it_was(Response(200, {}, body))

    assert ("NDJSON" in found.said) is found.is_meant is is_lines
