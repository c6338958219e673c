import pytest

from poller.errors import JobRejected
from poller.paging.body_path import body_path, with_values


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ({}, "cursor", {"cursor": 7}),
        ({"cursor": None, "a": 1}, "cursor", {"cursor": 7, "a": 1}),
        ({"query": "q"}, "variables.after", {"query": "q", "variables": {"after": 7}}),
        ({"variables": {"first": 5}}, "variables.after", {"variables": {"first": 5, "after": 7}}),
        ({"variables": None}, "variables.page.after", {"variables": {"page": {"after": 7}}}),
        ({}, '"page-token"', {"page-token": 7}),
        ({}, 'a."b.c".d', {"a": {"b.c": {"d": 7}}}),
    ],
)
def test_a_value_goes_to_its_path_and_all_else_stays(body, path, expected):
    before = repr(body)

    assert with_values(body, {body_path("f", path): 7}) == expected
    assert repr(body) == before


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a[0]", "a b", "9a", '"a', '""', "a-b"])
def test_what_is_no_path_of_keys_is_refused(path):
    with pytest.raises(JobRejected, match=r"^paginator\.x is"):
        body_path("paginator.x", path)


@pytest.mark.parametrize("body", [{"a": 1}, {"a": []}, {"a": "x"}, [], "x"])
def test_a_path_through_what_is_no_object_is_refused(body):
    with pytest.raises(JobRejected) as refused:
        with_values(body, {"a.b": 1})

    assert refused.value.message == "the path a.b leads through what is no object in the spec's json"
