"""Workers that run the same package share one unpacked copy of it.

AWS: a function's environment starts from code that Lambda has already put in place, read-only.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

MiniStack unpacks the package again for every worker and removes it with the worker. With the AWS SDK inside,
that is tens of megabytes and a compilation of every module each time: a job that starts thirty workers spends
most of its time on it. Here the first worker unpacks and the others get a link.
"""

import hashlib
import io
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

_unpacking = threading.Lock()


def shared_copy(package: bytes) -> Path:
    """The directory that a package is unpacked in, for all who run it."""
    shared = Path(tempfile.gettempdir()) / f"code-{hashlib.sha256(package).hexdigest()}"
    with _unpacking:
        if not shared.exists():
            partial = shared.with_suffix(".partial")
            with zipfile.ZipFile(io.BytesIO(package)) as archive:
                archive.extractall(partial)
            partial.rename(shared)
    return shared


class _SharedZip(zipfile.ZipFile):
    """Unpacks to a directory named after the archive's content, and leaves a link where it was asked to."""

    def extractall(self, path=None, members=None, pwd=None):
        archive, target = Path(self.filename or ""), Path(path)
        if archive.name != "code.zip":  # a layer: several go into one directory
            super().extractall(path, members, pwd)
            return
        shared = shared_copy(archive.read_bytes())
        target.rmdir()
        target.symlink_to(shared)
        archive.unlink()


def replace_in_runtime(module: types.ModuleType, **replaced: Any) -> None:
    """Have MiniStack's Lambda runtime, and nobody else, see some names of a module otherwise."""
    setattr(lambda_runtime, module.__name__, types.SimpleNamespace(**vars(module) | replaced))


def install() -> None:
    # lambda_runtime only: other services' archives have nothing to share.
    replace_in_runtime(zipfile, ZipFile=_SharedZip)
