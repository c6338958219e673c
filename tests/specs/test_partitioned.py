"""Specs with partitions: what is refused, and what is asked for in one of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import JobRejected
from poller.specs.page_request import page_request
from poller.specs.parse import parse_job_spec
from poller.specs.partitioned import all_values, in_partition
from poller.specs.stored import read_stored, write_stored
from tests.support.builders import NOW, examples

URL = "https://api.example.com/accounts/{account}/orders"
ACCOUNTS = {"type": "list", "name": "account", "values": ["a", "b"]}


def parted(*partitions: Any, **more: Any) -> dict[str, Any]:
    return {"url": URL, "partitions": [ACCOUNTS, *partitions], **more}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"url": URL, "partitions": {}}, "partitions is an object; it must be a list of objects with a type: "),
        ({"url": URL, "partitions": ["a"]}, "partitions[0] is a string; it must be an object with a type: "),
        ({"url": URL, "partitions": [{"type": "lists"}]}, "partitions[0].type must be one of list, window"),
        ({"url": URL, "partitions": [{"type": "list", "values": ["a"]}]}, "partitions[0].name is missing"),
        (parted({**ACCOUNTS, "value": 1}), "partitions[1].value is not a field of partitions[1]"),
        (parted({"type": "list", "name": "1a", "values": ["a"]}), "partitions[1].name must be 1 to 64 letters"),
        (parted({"type": "list", "name": "x", "values": []}), "partitions[1].values is an empty list"),
        (parted({"type": "list", "name": "x", "values": "a"}), "partitions[1].values is a string; it must be a list"),
        (parted({"type": "list", "name": "x", "values": [None]}), "partitions[1].values[0] is null"),
        (parted({"type": "list", "name": "x", "values": [""]}), "partitions[1].values[0] must have 1 to 500"),
        (parted({"type": "list", "name": "x", "values": ["a" * 501]}), "partitions[1].values[0] must have 1 to 500"),
        (parted({"type": "list", "name": "x", "values": [1, "1"]}), "partitions[1].values has 1 twice"),
        (parted(ACCOUNTS), "partitions[1] gives values for account, as another one does"),
        (parted({"type": "list", "name": "x", "values": ["a"]}), "the partition x is used nowhere; write {x} in"),
        (parted(params={"c": "{acount}"}), "params has {acount}, and no partition has that name; did you mean {acc"),
        (parted(headers={"X-C": "{c}"}), "headers has {c}, and no partition has that name; there are account"),
        (
            {"url": "https://{account}.example.com/", "partitions": [ACCOUNTS]},
            "url may have a partition's {name} in its path and its query only",
        ),
        (
            {"url": URL, "partitions": [{"type": "list", "name": "account", "values": [".."]}]},
            "the value '..' of account is a step in the path of url",
        ),
        (
            {"url": "https://a.example/", "headers": {"X-A": "{n}"},
             "partitions": [{"type": "list", "name": "n", "values": ["ü"]}]},
            "headers.X-A takes printable ASCII characters, and a value of n has others",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_any_request(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(JobRejected) as refused:
        parse_job_spec(spec)

    assert said in str(refused.value)


def test_a_value_that_is_a_credential_is_refused_without_repeating_it() -> None:
    token = "ghp_" + "a1" * 18

    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "partitions": [{**ACCOUNTS, "values": [token]}]})

    assert refused.value.secret_sent
    assert token not in str(refused.value)


def test_more_combinations_than_a_job_has_are_refused() -> None:
    many = [str(n) for n in range(400)]
    url = "https://a.example/{x}/{y}"

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(
            {"url": url, "partitions": [{"type": "list", "name": name, "values": many} for name in ("x", "y")]}
        )

    assert "partitions make 160,000, and a job has 100,000 at most" in str(refused.value)


def test_several_lists_make_every_combination_in_order() -> None:
    spec = parse_job_spec(parted({"type": "list", "name": "year", "values": [2024, 2025]}, params={"y": "{year}"}))

    assert list(all_values(spec, NOW)) == [
        {"account": "a", "year": 2024}, {"account": "a", "year": 2025},
        {"account": "b", "year": 2024}, {"account": "b", "year": 2025},
    ]  # fmt: skip


def test_a_value_stands_wherever_its_name_does() -> None:
    spec = parse_job_spec({
        "url": "https://a.example/{n}/x?q={n}", "method": "POST", "params": {"p": ["{n}", "b-{n}"]},
        "headers": {"X-N": "n {n}"}, "paginator": "single_page",
        "json": {"id": "{n}", "text": "n={n}", "query": "{ all {id} }", "list": ["{n}", 1, None]},
        "partitions": [{"type": "list", "name": "n", "values": [7, True]}],
    })  # fmt: skip

    sent = [page_request(in_partition(spec, values), 0, None) for values in all_values(spec, NOW)]

    assert [request.url for request in sent] == [
        "https://a.example/7/x?q=7&p=7&p=b-7",
        "https://a.example/true/x?q=true&p=true&p=b-true",
    ]
    assert [request.headers["X-N"] for request in sent] == ["n 7", "n true"]
    assert sent[0].body == b'{"id":7,"text":"n=7","query":"{ all {id} }","list":[7,1,null]}'
    assert sent[1].body == b'{"id":true,"text":"n=true","query":"{ all {id} }","list":[true,1,null]}'


@examples
@given(st.lists(st.text(min_size=1, max_size=20).filter(lambda text: text not in {".", ".."}), min_size=1, unique=True))
def test_no_value_changes_the_rest_of_the_address(values: list[str]) -> None:
    asked = {
        "url": "https://a.example/v1/{n}/rows?q={n}&x=1",
        "partitions": [{**ACCOUNTS, "name": "n", "values": values}],
    }

    spec = parse_job_spec(asked)

    for part in all_values(spec, NOW):
        path, _, query = page_request(in_partition(spec, part), 0, None).url.partition("?")
        assert path.startswith("https://a.example/v1/")
        assert path.endswith("/rows")
        assert path.count("/") == 5
        assert query.count("&") == 1


def test_a_stored_spec_comes_back_with_its_partitions() -> None:
    spec = parse_job_spec(parted())

    assert read_stored(write_stored(spec)) == spec
    assert '"partitions": [{"type": "list", "name": "account", "values": ["a", "b"]}]' in write_stored(spec)


def test_a_spec_without_partitions_is_stored_as_ever() -> None:
    assert "partitions" not in write_stored(parse_job_spec({"url": "https://a.example/"}))
