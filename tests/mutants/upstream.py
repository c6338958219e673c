"""The guards of the HTTP client: time, size, addresses, truncation, secrets, and what requests would do on its own."""

from tests.mutants.mutations import Mutation

_CLIENT = "src/functions/poller/upstream/client.py"
_ADAPTER = "src/functions/poller/upstream/adapter.py"
_CONNECTION = "src/functions/poller/upstream/connection.py"
_WIRE = "src/functions/poller/upstream/wire.py"
_TLS = "src/functions/poller/upstream/tls.py"
_ADDRESSES = "src/functions/poller/upstream/addresses.py"
_MESSAGE = "src/functions/poller/upstream/http_message.py"
_TESTS = "tests/upstream"

UPSTREAM: tuple[Mutation, ...] = (
    Mutation(
        "a read gets no more than what is left of the request's time",
        _WIRE,
        "self.settimeout(min(_SILENCE_SECONDS, self.allowance.seconds()))",
        "self.settimeout(_SILENCE_SECONDS)",
        f"{_TESTS}/test_wire.py::test_a_read_gets_what_is_left_of_the_time",
    ),
    Mutation(
        "a write gets no more than what is left of the request's time",
        _WIRE,
        "self.settimeout(self.allowance.seconds())",
        "self.settimeout(_SILENCE_SECONDS)",
        f"{_TESTS}/test_wire.py::test_a_write_gets_what_is_left_of_the_time",
    ),
    Mutation(
        "every byte is taken off the request's budget",
        _WIRE,
        "self._bytes_left -= count",
        "self._bytes_left -= 0",
        f"{_TESTS}/test_size.py::test_nothing_endless_is_read_beyond_the_budget",
    ),
    Mutation(
        "no library takes an error of the network for its own",
        _WIRE,
        "class NetworkFailure(Exception):",
        "class NetworkFailure(OSError):",
        f"{_TESTS}/test_wire.py::test_an_error_of_the_network_is_none_that_a_library_catches",
    ),
    Mutation(
        "what came in the same packet after the answer is seen",
        _WIRE,
        "self._wire.holds_more = bool(self.peek())",
        "self._wire.holds_more = False",
        f"{_TESTS}/test_adapter.py::test_more_than_the_answer_is_seen_in_a_tls_record_too",
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
        _CONNECTION,
        "if not data and self.length:",
        "if False:",
        f"{_TESTS}/test_size.py::test_a_body_that_does_not_end_as_announced_is_asked_for_again",
    ),
    Mutation(
        "an interim answer is not the answer",
        _CONNECTION,
        "while self.status < 200:",
        "while False:",
        f"{_TESTS}/test_connections.py::test_an_interim_answer_is_not_the_answer",
    ),
    Mutation(
        "a server that changes the protocol is left",
        _CONNECTION,
        "if self.status == SWITCHING_PROTOCOLS:",
        "if False:",
        f"{_TESTS}/test_connections.py::test_a_server_that_changes_the_protocol_is_left",
    ),
    Mutation(
        "a connection on which more than the answer came is not used again",
        _CONNECTION,
        " and not self._wire.holds_more",
        "",
        f"{_TESTS}/test_connections.py::test_a_connection_on_which_more_than_the_answer_came_is_not_used_again",
    ),
    Mutation(
        "all addresses of a name have to be public",
        _CONNECTION,
        "if not all(may_be_polled(",
        "if not any(may_be_polled(",
        f"{_TESTS}/test_addresses.py::test_in_aws_nothing_that_is_not_public_is_even_connected_to",
    ),
    Mutation(
        "the address that was checked is the one connected to",
        _CONNECTION,
        "sock.connect(address)",
        "sock.connect((self.host, self.port))",
        f"{_TESTS}/test_addresses.py::test_a_name_that_changes_its_answer_is_asked_once_and_taken_at_its_word",
    ),
    Mutation(
        "the certificate has to be the name's",
        _CONNECTION,
        "server_hostname=self.host",
        "server_hostname=address[0]",
        f"{_TESTS}/test_tls.py::test_in_aws_settings_a_public_host_is_polled",
    ),
    Mutation(
        "authorities are read once for all connections",
        _TLS,
        "@cache",
        "",
        f"{_TESTS}/test_adapter.py::test_authorities_are_read_once_for_all_connections",
    ),
    Mutation(
        "nothing is taken from the environment",
        _ADAPTER,
        "self.trust_env = False",
        "self.trust_env = True",
        f"{_TESTS}/test_environment.py::test_proxies_are_ignored_for_http",
    ),
    Mutation(
        "no cookie is kept",
        _ADAPTER,
        "DefaultCookiePolicy(allowed_domains=())",
        "DefaultCookiePolicy()",
        f"{_TESTS}/test_adapter.py::test_no_cookie_is_kept",
    ),
    Mutation(
        "a redirect is an answer, whose body nobody needs",
        _ADAPTER,
        "def get_redirect_target(",
        "def redirect_target(",
        f"{_TESTS}/test_adapter.py::test_a_redirects_body_is_not_inflated",
    ),
    Mutation(
        "the request target goes out as it was written",
        _ADAPTER,
        "connection.request(method, url, headers=headers)",
        "connection.request(method, __import__('urllib3').util.parse_url(url).url, headers=headers)",
        f"{_TESTS}/test_adapter.py::test_the_request_target_goes_out_as_it_was_written",
    ),
    Mutation(
        "urllib3 does not judge, or log, how an answer is framed",
        _ADAPTER,
        "answer, status=answer.status,",
        "answer, headers=HTTPHeaderDict(answer.headers.items()), status=answer.status,",
        f"{_TESTS}/test_adapter.py::test_the_libraries_log_nothing",
    ),
    Mutation(
        "a header that requests would refuse and repeat is refused without repeating it",
        _MESSAGE,
        " and value == value.strip()",
        "",
        f"{_TESTS}/test_adapter.py::test_a_header_that_requests_would_refuse_is_refused_without_repeating_it",
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
