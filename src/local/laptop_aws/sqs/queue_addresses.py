"""Saved queues are found on whatever port the emulator is started.

AWS: a queue's URL holds its region, account and name, and stays what it is.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html

MiniStack's holds the port, and is what queues are found by: state that was saved on another port has queues that
nobody finds, and functions whose environment names them. Here their URLs are brought up to date before state is read.
"""

import os
import re
from pathlib import Path

URL = re.compile(r"http://127\.0\.0\.1:\d+/(?=\d{12}/)")


def install() -> None:
    here = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/"
    for state in Path(os.environ["STATE_DIR"]).glob("*.json"):
        saved = state.read_text(encoding="utf-8")
        moved = URL.sub(here, saved)
        if moved != saved:
            partial = state.with_suffix(".moved")
            partial.write_text(moved, encoding="utf-8")
            partial.replace(state)
