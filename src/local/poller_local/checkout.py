"""The checkout that `poller` is run in, and the files that the local stack keeps in its `.poller/`."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poller_local.errors import LocalStackError


@dataclass(frozen=True)
class Checkout:
    """A source tree of the poller: `root` holds template.yaml."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / ".poller"

    @property
    def stack_file(self) -> Path:
        """What the local stack offers, there while it runs: the contract with clients and tests."""
        return self.home / "stack.json"

    @property
    def emulator_file(self) -> Path:
        """Process id and port of the emulator that `poller up` started."""
        return self.home / "emulator.json"

    @property
    def deployed_file(self) -> Path:
        """What was built and deployed last, so that an unchanged tree is neither built nor deployed again."""
        return self.home / "deployed.json"

    @property
    def data_dir(self) -> Path:
        """The emulated AWS between two runs."""
        return self.home / "data"

    @property
    def port_file(self) -> Path:
        """The last port, which the next `poller up` takes if it is asked for none."""
        return self.home / "port.json"

    @property
    def emulator_log(self) -> Path:
        return self.home / "emulator.log"

    @property
    def sam_log(self) -> Path:
        return self.home / "sam.log"


def find_checkout(start: Path) -> Checkout | None:
    """The checkout that `start` lies in, or None."""
    start = start.resolve()
    for directory in (start, *start.parents):
        # Any SAM project has a template.yaml; deploying somebody else's would be a bad surprise.
        if (directory / "template.yaml").is_file() and (directory / "src" / "functions").is_dir():
            return Checkout(directory)
    return None


def require_checkout(start: Path) -> Checkout:
    """Like `find_checkout`; raises LocalStackError where there is none."""
    checkout = find_checkout(start)
    if checkout is None:
        raise LocalStackError(no_checkout(start))
    return checkout


def no_checkout(start: Path) -> str:
    """What to say where there is none: with the one that this very command was installed from, if it is still there."""
    own = find_checkout(Path(__file__))
    where = f"change into {own.root}" if own else "change into one first"
    return f"No checkout of the poller at {start} or above (no template.yaml); {where}"


def read_json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None if the file is missing or holds anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write_json_atomically(path: Path, content: Any) -> None:
    """Replaces `path` in one step: a reader sees the old file or the new one, never half of either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
