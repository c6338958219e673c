"""The guards of the HTTP client: time, size, addresses, truncation, secrets."""

from tests.mutants.mutations import Mutation

_CLIENT = "src/functions/poller/upstream/client.py"
_ADDRESSES = "src/functions/poller/upstream/addresses.py"
_MESSAGE = "src/functions/poller/upstream/http_message.py"
_TESTS = "tests/upstream"

UPSTREAM: tuple[Mutation, ...] = (
    Mutation(
        "a read gets no more than what is left of the request's time",
        _CLIENT,
        "self._sock.settimeout(min(_SILENCE_SECONDS, _left(self._deadline)))",
        "self._sock.settimeout(_SILENCE_SECONDS)",
        f"{_TESTS}/test_time.py::test_a_request_ends_within_its_deadline",
    ),
    Mutation(
        "every byte is taken off the request's budget",
        _CLIENT,
        "self._budget -= count",
        "self._budget -= 0",
        f"{_TESTS}/test_size.py::test_nothing_endless_is_read_beyond_the_budget",
    ),
    Mutation(
        "the decoded body is capped",
        _CLIENT,
        "room -= len(piece)",
        "room -= 0",
        f"{_TESTS}/test_size.py::test_ten_gigabytes_in_ten_megabytes_are_stopped_at_the_cap",
    ),
    Mutation(
        "a body shorter than announced is no page",
        _CLIENT,
        "if answer.length:",
        "if False:",
        f"{_TESTS}/test_size.py::test_a_body_that_does_not_end_as_announced_is_asked_for_again",
    ),
    Mutation(
        "an interim answer is not the answer",
        _CLIENT,
        "while answer.status < 200:",
        "while False:",
        f"{_TESTS}/test_connections.py::test_an_interim_answer_is_not_the_answer",
    ),
    Mutation(
        "a server that changes the protocol is left",
        _CLIENT,
        "if answer.status == SWITCHING_PROTOCOLS:",
        "if False:",
        f"{_TESTS}/test_connections.py::test_a_server_that_changes_the_protocol_is_left",
    ),
    Mutation(
        "a connection on which more than the answer came is not used again",
        _CLIENT,
        "and not answer.will_close and not wire.holds_more",
        "and not answer.will_close",
        f"{_TESTS}/test_connections.py::test_a_connection_on_which_more_than_the_answer_came_is_not_used_again",
    ),
    Mutation(
        "all addresses of a name have to be public",
        _CLIENT,
        "if not all(may_be_polled(",
        "if not any(may_be_polled(",
        f"{_TESTS}/test_addresses.py::test_in_aws_nothing_that_is_not_public_is_even_connected_to",
    ),
    Mutation(
        "the address that was checked is the one connected to",
        _CLIENT,
        "sock.connect(address)",
        "sock.connect((target.host, target.port))",
        f"{_TESTS}/test_addresses.py::test_a_name_that_changes_its_answer_is_asked_once_and_taken_at_its_word",
    ),
    Mutation(
        "the certificate has to be the name's",
        _CLIENT,
        "server_hostname=target.host",
        "server_hostname=address[0]",
        f"{_TESTS}/test_tls.py::test_in_aws_settings_a_public_host_is_polled",
    ),
    Mutation(
        "a library's error, which may repeat secrets, is not chained",
        _CLIENT,
        "raise TransientUpstreamError(self._what_failed(target.host, error)) from None",
        "raise TransientUpstreamError(self._what_failed(target.host, error)) from error",
        f"{_TESTS}/test_messages.py::test_errors_on_the_way_name_the_host",
    ),
    Mutation(
        "loopback is for laptops only",
        _ADDRESSES,
        "return allow_loopback",
        "return True",
        f"{_TESTS}/test_addresses.py::test_in_aws_nothing_that_is_not_public_is_even_connected_to",
    ),
    Mutation(
        "where hosts are named, only they are polled",
        _ADDRESSES,
        "if rules and",
        "if False and",
        f"{_TESTS}/test_addresses.py::test_where_hosts_are_named_only_they_are_polled",
    ),
    Mutation(
        "cut gzip is no page",
        _MESSAGE,
        "if member and not member.eof:",
        "if False:",
        f"{_TESTS}/test_size.py::test_a_body_that_does_not_end_as_announced_is_asked_for_again",
    ),
    Mutation(
        "gzip filled up with zeros is followed by nothing else",
        _MESSAGE,
        'if padded and rest.strip(b"\\0"):',
        "if False:",
        f"{_TESTS}/test_size.py::test_gzip_may_be_followed_by_nothing_else",
    ),
    Mutation(
        "the connection's own headers are not a job's to set",
        _MESSAGE,
        "if name.lower() not in _OWN_HEADERS",
        "if True",
        f"{_TESTS}/test_redirects.py::test_a_job_may_name_its_own_user_agent_but_not_where_the_request_goes",
    ),
)
