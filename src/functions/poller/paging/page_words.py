"""Names by which APIs are asked for a page, and repeat it. All are plain ones, as `text.plain` makes them."""

PAGES = {"page", "p", "pg", "pagenumber", "pagenum", "pageno", "pageindex", "currentpage"}
"""Of the number of a page."""
OFFSETS = {"offset", "skip", "start", "startat", "startindex", "from", "pageoffset"}
"""Of the number of records before it."""
SIZES = {
    "limit", "perpage", "pagesize", "size", "count", "maxresults", "rows", "top", "take", "itemsperpage", "pagelimit",
    "resultsperpage", "hitsperpage", "maxrecordsperpage",
}  # fmt: skip
"""Of the number of records in it."""


def is_usual_size(rows: int) -> bool:
    """Whether a page of `rows` records may be full: so many are asked for, or sent if nobody says how many."""
    return rows >= _LEAST and (rows % 10 == 0 or rows in _OTHERS)


_LEAST = 5
_OTHERS = {5, 8, 12, 15, 16, 24, 25, 32, 36, 48, 64, 75, 125, 128, 256, 512, 1024, 2048, 4096, 8192}
