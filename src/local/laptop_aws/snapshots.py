"""The emulator's state is saved every few seconds while it runs.

AWS loses nothing that it has accepted.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DataDurability.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html

MiniStack saves its state when it is stopped with SIGTERM. After SIGKILL or a power cut only S3 objects
are there, so a deployed stack is gone. Here a thread saves with the same functions, service by service and
atomically, from the moment on which the saved state was loaded. A service that changes while it is copied is
tried again at once. Saving takes at most a twentieth of the time, or a running job would feel it. MiniStack writes
JSON with the slow one of Python's two encoders; here it is the other.
"""

import json
import logging
import threading
import time
import types

from ministack import app
from ministack.core import persistence

SECONDS = 5.0
TICK = 0.5
SHARE = 19  # times as long as saving took, nothing is saved

_saving = threading.Lock()
_stopped = threading.Event()


def save(service: str, get_state) -> bool:
    """Save one service; False if it changed while it was copied."""
    try:
        state = get_state()
    except RuntimeError:  # a dictionary changed size
        return False
    if state is not None:
        persistence.save_state(service, state)
    return True


def _save_now_and_then() -> None:
    due: dict[str, float] = {}
    while not _stopped.wait(TICK):
        for service, get_state in app._build_persistence_save_dict().items():
            started = time.monotonic()
            if _stopped.is_set() or started < due.get(service, 0.0):
                continue
            with _saving:
                saved = save(service, get_state)
            ended = time.monotonic()
            due[service] = ended + (SECONDS if saved else 0.0)
            _stopped.wait(SHARE * (ended - started))


def _dump(value, file, **options) -> None:
    file.write(json.dumps(value, **options))


def install() -> None:
    logging.getLogger("persistence").setLevel(logging.WARNING)
    persistence.json = types.SimpleNamespace(**vars(json) | {"dump": _dump})
    load, save_all = app._load_persisted_state, app.save_all

    def load_then_snapshot():
        load()
        threading.Thread(target=_save_now_and_then, name="snapshots", daemon=True).start()

    def stop_then_save_all(services):
        _stopped.set()
        with _saving:
            save_all(services)

    app._load_persisted_state = load_then_snapshot
    app.save_all = stop_then_save_all
