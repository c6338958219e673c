"""What a job spec is to have one day, so that whoever writes it already is told so, and not that it is a mistake.

What comes true moves from here to the readers in `parse`.
"""

FIELDS = {
    "": {
        "keep_raw",
    },
    "incremental.": {"step"},
}  # fmt: skip
"""By what stands before them in a message."""
