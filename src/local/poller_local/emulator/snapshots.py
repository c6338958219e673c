"""The emulator's state is saved every few seconds while it runs.

MiniStack saves its state when it is stopped with SIGTERM. After SIGKILL or a power cut only S3 objects
are there, so a deployed stack is gone. AWS loses nothing. Here a thread saves with the same functions,
file by file and atomically, from the moment on which the saved state was loaded; a service that changes
while it is copied is left for the next round. Saving takes at most a twentieth of the time.
"""

import logging
import threading
import time

from ministack import app
from ministack.core import persistence

SECONDS = 5.0

_saving = threading.Lock()
_stopped = threading.Event()


def save() -> None:
    for service, get_state in app._build_persistence_save_dict().items():
        try:
            state = get_state()
        except RuntimeError:  # a dictionary changed size while it was copied
            continue
        if state is not None:
            persistence.save_state(service, state)


def _save_now_and_then() -> None:
    took = 0.0
    while not _stopped.wait(max(SECONDS, 20 * took)):
        started = time.monotonic()
        with _saving:
            save()
        took = time.monotonic() - started


def install() -> None:
    logging.getLogger("persistence").setLevel(logging.WARNING)
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
