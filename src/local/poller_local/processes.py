"""Looking at and ending other processes, on Linux by /proc and elsewhere by ps."""

import os
import signal
import subprocess  # nosec B404  # argument lists only, never a shell
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
KILL_DEADLINE_SECONDS = 5.0


def command_line(pid: int) -> str:
    """A process's arguments; '' if there is none, or it is dead and only not yet reaped."""
    if _has_proc():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return subprocess.run(  # nosec B603 B607  # ps is where the system has it
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout


def kill_group(group: int) -> None:
    """Kills what is left of a process group, and returns when nobody in it runs any more."""
    deadline = time.monotonic() + KILL_DEADLINE_SECONDS
    with suppress(ProcessLookupError, PermissionError):  # nobody left, or (macOS) only the unreaped
        while _group_runs(group) and time.monotonic() < deadline:
            os.killpg(group, signal.SIGKILL)
            # A kill takes effect when its process is next scheduled.
            time.sleep(0.01)


def _group_runs(group: int) -> bool:
    if not _has_proc():
        return True  # killpg itself will tell
    return any(_group_if_running(stat) == group for stat in PROC.glob("[0-9]*/stat"))


def _group_if_running(stat: Path) -> int | None:
    """The process group in a /proc/<pid>/stat; None for the dead, whom init may take its time to reap."""
    try:
        # "pid (name) state parent group …", and the name may hold anything.
        state, _parent, group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else int(group)


def _has_proc() -> bool:
    return (PROC / "self" / "stat").exists()
