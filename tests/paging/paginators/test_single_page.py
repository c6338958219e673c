from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.meaning import Reading, read_page
from poller.paging.paginators import SinglePage
from poller.values import Response
from tests.support.builders import NOW, page


def test_no_content_is_everything():
    blank = read_page(Response(204, {}, b""), Reading(), NOW)

    assert SinglePage.recognise(Envelope(blank)) == Detection(SinglePage(), "the API answered that there is no content")


def test_a_page_without_a_total_is_not_taken_for_everything():
    assert SinglePage.recognise(Envelope(page([1, 2]))) is None
