import pytest

from poller.errors import JobRejected
from poller.paging.envelope import Envelope
from poller.paging.paginators import Offset, PageNumber
from poller.specs.parse import parse_job_spec
from tests.support.builders import URL, page


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, None),
        ({"has_more_path": "meta.more"}, True),
        ({"has_more_path": "text"}, False),
        ({"has_more_path": "link"}, True),
        ({"has_more_path": "none"}, None),
        ({"has_more_path": "no.where"}, None),
        ({"has_more_path": "state", "has_more_when": "MORE"}, True),
        ({"has_more_path": "state", "has_more_when": "end"}, False),
        ({"has_more_path": "code", "has_more_when": 206}, True),
        ({"has_more_path": "last", "has_more_when": False}, True),
        ({"has_more_path": "none", "has_more_when": "more"}, None),
        ({"has_more_header": "X-More"}, True),
        ({"has_more_header": "X-Other"}, None),
        ({"has_more_header": "X-More", "has_more_when": True}, True),
    ],
)
@pytest.mark.parametrize("style", [Offset, PageNumber])
def test_a_spec_may_say_where_the_api_tells_whether_there_is_more(style, fields, says):
    body = {"meta": {"more": True}, "text": "No", "link": "/x?page=2", "none": None, "state": "more", "code": 206}
    answer = Envelope(page({**body, "last": False, "rows": [1]}, "rows", x_more="True"))

    assert style(**fields).says_more(answer) is says


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"has_more_path": "a", "has_more_header": "b"}, "both say whether there is more; give one"),
        ({"has_more_when": "yes"}, "paginator.has_more_when says what means more, but not where"),
        ({"has_more_path": "a", "has_more_when": ["yes"]}, "paginator.has_more_when is a list; it must be a string"),
        ({"has_more_path": "a[", "has_more_when": 1}, "paginator.has_more_path is not a JMESPath expression"),
    ],
)
@pytest.mark.parametrize("kind", ["offset", "page_number"])
def test_fields_that_say_so_twice_or_not_at_all_are_refused(kind, fields, message):
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "paginator": {"type": kind, **fields}})

    assert message in refused.value.message
