"""The fields of `auth`: what each reader takes, and what it says of anything else, without repeating a secret."""

import pytest

from poller.auth.fields import (
    aws_name,
    header_or_parameter,
    one_word,
    plain_params,
    secret_name,
    url_without_secrets,
    words,
)
from poller.errors import JobRejected
from poller.readers import Reader

NAMELESS = "store it with 'poller secrets put NAME' and give the name"


def params(field: str, value: object) -> object:
    """Parameters beside one that is set in another way."""
    return plain_params({"scope"})(field, value)


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (secret_name, "a"),
        (secret_name, "orders.v-2_b"),
        (secret_name, "a" * 64),
        (header_or_parameter, "X-Api-Key"),
        (header_or_parameter, "api_key"),
        (url_without_secrets, "http://login.example.com"),
        (url_without_secrets, "https://login.example.com:8443/token?tenant=7"),
        (one_word, ""),
        (one_word, "Token"),
        (aws_name, "execute-api"),
        (aws_name, "e" * 64),
        (params, {}),
        (params, {"audience": "https://api"}),
    ],
)
def test_what_may_be_is_taken_as_it_is(reader: Reader, value: object) -> None:
    assert reader("auth.field", value) == value


def test_words_are_taken_in_their_order() -> None:
    assert words("auth.field", ["read", "a:b"]) == ("read", "a:b")


@pytest.mark.parametrize(
    ("reader", "value", "said", "is_secret"),
    [
        (secret_name, 7, " is a number; it must be a string", False),
        (secret_name, "arn:canary", f" is an ARN; only secrets of this stack are read: {NAMELESS}", False),
        *(
            (
                secret_name,
                canary,
                " is not the name of a secret (1 to 64 letters, digits, '.', '_' or '-'). "
                f"If it is the secret itself, {NAMELESS}",
                True,
            )
            for canary in ("a canary", "-canary", 13 * "canar", "canary0123456789canary")
        ),
        (
            header_or_parameter,
            "X Key",
            " must be the name of a header or query parameter, of letters, digits, '-' and '_'",
            False,
        ),
        (header_or_parameter, "Host", " is set by the connection itself; name another header", False),
        *(
            (url_without_secrets, url, " is not a URL; write it as https://host/path", False)
            for url in (
                "https://",
                "ftp://a.example",
                "a.example/x",
                "https://a.example/a b",
                "https://a.example:port/",
            )
        ),
        *(
            (url_without_secrets, url, " would store a secret with the job; leave it out", True)
            for url in ("https://me:canary@a.example/", "https://a.example/?client_secret=canary", "http://a.b/?token=")
        ),
        (words, "read", " is a string; it must be a list of strings", False),
        (words, ["read", 7], "[1] is a number; it must be a string", False),
        (
            words,
            ["read", "a b"],
            " holds a space or a control character; write each as a string of its own",
            False,
        ),
        (params, [], " is a list; it must be an object of names and strings", False),
        (params, {"scope": "a"}, ".scope is set by the other fields and the secret; leave it out", False),
        (
            params,
            {"client_secret": "canary"},
            ".client_secret is set by the other fields and the secret; leave it out",
            True,
        ),
        (params, {"n": 7}, ".n is a number; it must be a string", False),
        (one_word, "two words", ' must be one word, such as "Token", or "" for none', False),
        (one_word, None, ' must be one word, such as "Token", or "" for none', False),
        (
            aws_name,
            "EU",
            " must be lower-case letters, digits and '-', such as execute-api or eu-west-1",
            False,
        ),
    ],
)
def test_what_may_not_be_is_refused_without_being_repeated(
    reader: Reader, value: object, said: str, is_secret: bool
) -> None:
    with pytest.raises(JobRejected) as refused:
        reader("auth.field", value)

    assert refused.value.message == f"auth.field{said}"
    assert refused.value.secret_sent is is_secret
    assert refused.value.__cause__ is None
