"""Fault tests run on the same storage as the integration tests."""

from tests.faults.killing import killer
from tests.integration.conftest import aws, sent_messages

__all__ = ["aws", "killer", "sent_messages"]
