"""Clients and calls that go wrong when they are told to."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError


class Faulty:
    """A DynamoDB client whose next calls go wrong in the ways that are queued, by operation."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.faults: dict[str, list[Callable[[Any, dict[str, Any]], Any]]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        whole = getattr(self._client, name)
        if not callable(whole):
            return whole

        def operation(*args: Any, **request: Any) -> Any:
            self.asked.append((name, request))
            queued = self.faults.get(name)
            return queued.pop(0)(whole, request) if queued else whole(*args, **request)

        return operation


class Refusing:
    """A client whose every call is refused with one error code."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Any:
        return raising(ClientError({"Error": {"Code": self._code, "Message": ""}}, name))


def cancelled(*reasons: str) -> ClientError:
    """As DynamoDB refuses a transaction."""
    answer = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in reasons],
    }
    return ClientError(answer, "TransactWriteItems")  # type: ignore[arg-type]


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def once(call: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """`call`, except that it raises the first time."""
    errors = [error]

    def called(*args: Any, **kwargs: Any) -> Any:
        if errors:
            raise errors.pop()
        return call(*args, **kwargs)

    return called
