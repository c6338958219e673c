"""The table, with a client that can be told to go wrong."""

import pytest

from poller.handlers import dependencies
from tests.support.faulty import Faulty


@pytest.fixture
def table(aws: None) -> Faulty:
    client = Faulty(dependencies.table().client)
    dependencies.table().client = client
    dependencies.table()._sleep = lambda _: None
    return client
