"""What a job spec is to have one day, so that whoever writes it already is told so, and not that it is a mistake.

What comes true moves from here to the readers in `parse`.
"""

FIELDS = {
    "": {
        "json", "partitions", "incremental", "response_actions", "rate_limit", "keep_raw",
        "output",
    },
    "paginator.": {
        "offset_body_path", "limit_body_path", "page_body_path", "stop_on_empty", "allowed_origins",
    },
}  # fmt: skip
"""By what stands before them in a message."""
PAGINATORS = {"cursor", "header_cursor", "json_link", "header_link"}
