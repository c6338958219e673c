"""dlt's REST client, in the environment that has it: `python dlt_client.py URL PAGES RECORDS` prints pages a second.

https://dlthub.com/docs/general-usage/http/rest-client
"""

import sys
import time

from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator


def pages_per_second(url: str, pages: int, page_records: int) -> float:
    """Have RESTClient read the first `pages` pages by offset; it knows no way to ask for two at once."""
    paginator = OffsetPaginator(limit=page_records, total_path="total", maximum_offset=pages * page_records)
    started = time.perf_counter()
    client = RESTClient(base_url=url)
    sizes = [len(page) for page in client.paginate("", paginator=paginator, data_selector="data")]
    seconds = time.perf_counter() - started
    if sizes != [page_records] * pages:
        raise AssertionError(f"dlt read {len(sizes)} pages, {pages} were expected")
    return pages / seconds


if __name__ == "__main__":
    address, count, records = sys.argv[1:]
    print(pages_per_second(address, int(count), int(records)))  # noqa: T201
