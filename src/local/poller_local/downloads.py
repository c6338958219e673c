"""One result object, from S3 to a file: streamed, verified, and in place all at once or not at all."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import requests
from urllib3.exceptions import HTTPError as TransportError

from poller_local.answers import ResultObject
from poller_local.errors import DownloadFailed, is_full

CHUNK_BYTES = 256 * 1024
TIMEOUT = (5.0, 60.0)
RETRY_DELAYS = (0.5, 2.0)
_SUFFIXES = ("jsonl.gz", "csv.gz")  # of a dataset's objects


class _Interrupted(Exception):
    """The transfer broke off: another try may succeed."""


def save_result(
    session: requests.Session,
    item: ResultObject,
    directory: Path,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Copies one object to `directory`/<basename of its key> and returns that path.

    A file there with the right content is kept. Raises DownloadFailed if there is one with another content, if the
    bytes are not the stored ones, or do not come in three tries.
    """
    path = directory / _basename(item["Key"])
    if path.exists():
        if path.is_file() and path.stat().st_size == item["Size"] and _sha256(path) == item["Sha256"]:
            return path
        raise DownloadFailed(f"{path} is there already and not of this job; give --download a folder of its own")
    for delay in (*RETRY_DELAYS, None):
        try:
            _fetch_into_place(session, item, path)
            return path
        except OSError as error:
            if not is_full(error):
                raise
            raise DownloadFailed(
                f"Cannot write {path}: {error.strerror}; make room and run it again, what is here already is kept"
            ) from error
        except _Interrupted as error:
            if delay is None:
                raise DownloadFailed(
                    f"Cannot download {item['Key']}: {error}; run it again, what is here already is kept"
                ) from error
            sleep(delay)
    raise AssertionError("the last try returns or raises")


def refuse_others(directory: Path, ours: Iterable[Path]) -> None:
    """Raises DownloadFailed if `directory` holds dataset objects beside `ours`: together they are no job's dataset."""
    objects = {path for suffix in _SUFFIXES for path in directory.glob(f"*.{suffix}")}
    others = sorted(objects - set(ours))
    if others:
        raise DownloadFailed(
            f"{directory} holds this job's objects now, and {len(others):,} of another job beside them, "
            f"{others[0].name} for one; give --download a folder of its own"
        )


def _basename(key: str) -> str:
    name = key.rpartition("/")[2]
    if name in ("", ".", ".."):
        raise DownloadFailed(f"The stack names an object {key!r}, which cannot be a file")
    return name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_into_place(session: requests.Session, item: ResultObject, path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as file:
        temporary = Path(file.name)
        try:
            digest = _stream(session, item, file)
            size = file.tell()
            if (size, digest) != (item["Size"], item["Sha256"]):
                raise DownloadFailed(
                    f"{item['Key']} came damaged: stored is SHA-256 {item['Sha256']} of size {item['Size']}, "
                    f"received {digest} of {size}; nothing was kept of it"
                )
            file.flush()
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _stream(session: requests.Session, item: ResultObject, file: IO[bytes]) -> str:
    """Writes the object's bytes as stored (gzip stays gzip) and returns their SHA-256 in hex."""
    digest = hashlib.sha256()
    try:
        with session.get(
            item["Url"], stream=True, timeout=TIMEOUT, headers={"Accept-Encoding": "identity"}
        ) as response:
            _check_status(response, item["Key"])
            for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
                digest.update(chunk)
                file.write(chunk)
    except (requests.RequestException, TransportError) as error:
        # Only the error's kind: its text holds the presigned URL, which is a credential.
        raise _Interrupted(f"the transfer broke off ({type(error).__name__})") from None
    return digest.hexdigest()


def _check_status(response: requests.Response, key: str) -> None:
    if response.status_code >= 500:
        raise _Interrupted(f"S3 answered {response.status_code}")
    if response.status_code != 200:
        raise DownloadFailed(
            f"Cannot download {key}: S3 answered {response.status_code} (the link may have expired); "
            "run it again, what is here already is kept"
        )
