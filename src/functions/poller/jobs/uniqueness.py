"""Whether every record of a job came once, by the fingerprints of them all."""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from poller.aws.s3 import Bucket
from poller.datasets.csv_table import row_text
from poller.datasets.fingerprints import SIZE, fingerprints_of, line_at, read_fingerprints
from poller.datasets.repeats import MAX_KNOWN, Repeat, Repeats, Share, find_repeats, in_order, joined, renumbered
from poller.fetching.time_box import TimeBox
from poller.jobs import keys
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.run_concurrently import run_concurrently
from poller.paging.lossless_json import loads
from poller.paging.record_key import key_text
from poller.partitions.values import Value
from poller.specs.output import Csv, Jsonl, Output
from poller.text import counted

MAX_HELD = 100_000_000
"""Fingerprints that are held at once: 800 MB. Of more, every task's are read again for each share."""
_EXAMPLES = 2
_MAX_SHOWN = 100  # characters of a key


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is: the `index`-th of the task's, from 0."""

    task_id: str
    index: int


@dataclass(frozen=True, slots=True)
class Example:
    """The first two places of a record that came more than once, and its key as JSON, shortened.

    `key` is None where its whole text repeats: that is not shown, since it may be anything. A key is the user's data,
    too, and for no log.
    """

    key: str | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """What came of the check: of so many `records`, so many are `distinct`; of so many `keyless`, by their whole text.

    `tasks` are the ids of those that hold a record which came more than once. Where `not_shown` says why the check did
    not come to its end, `distinct` is None. Of a job whose partitions may share records, all this is said of each of
    them by itself, and so many `shared` ones were in another one before.
    """

    records: int
    keyless: int
    distinct: int | None = None
    examples: tuple[Example, ...] = ()
    tasks: tuple[str, ...] = ()
    not_shown: str = ""
    shared: int = 0

    @property
    def repeated(self) -> int:
        """Records that came before."""
        return 0 if self.distinct is None else self.records - self.distinct

    @property
    def each_came_once(self) -> bool:
        """Whether that is shown."""
        return self.distinct == self.records


class _NotShownError(Exception):
    """The check cannot come to its end. Says why."""


@dataclass(frozen=True, slots=True)
class UniquenessCheck:
    """The check of one job, with what it takes. It asks nothing of the table, and writes nothing."""

    raw_payloads: Bucket
    dataset: Bucket
    job: Job
    box: TimeBox

    def check(self, rows: Iterable[TaskRow]) -> Uniqueness:
        """The records of all COMPLETE tasks. Where time is over first, or something is gone, it says so."""
        tasks = sorted((row for row in rows if row.state is TaskState.COMPLETE), key=lambda row: row.task_id)
        records, keyless = sum(row.records for row in tasks), sum(row.keyless for row in tasks)
        try:
            found, shared = self._repeats(tasks, records)
            if found.records != records:
                seen = counted(found.records, "fingerprint")
                raise _NotShownError(f"there are {seen} of {counted(records, 'record')}")
            return replace(self._told(tasks, found, keyless), shared=shared)
        except _NotShownError as error:
            return Uniqueness(records, keyless, not_shown=str(error))

    def _repeats(self, tasks: Sequence[TaskRow], records: int) -> tuple[Repeats, int]:
        """What is repeated in parts of the job that may share records with others; and how many they do share."""
        shares = max(1, ceil(records / MAX_HELD))
        groups = self._groups(tasks)
        everywhere: list[Repeats] = []
        within: list[Repeats] = []
        for share in Share().cut(shares):
            held = self._read(tasks, share)
            pieces = list(self._in_time(find_repeats(held, share)))
            everywhere += pieces
            if len(groups) > 1 and any(piece.values for piece in pieces):
                for group in groups:
                    some = self._in_time(find_repeats([held[number] for number in group], share))
                    within += (renumbered(piece, group) for piece in some)
            else:
                within += pieces
        found = joined(within)
        return found, found.distinct - joined(everywhere).distinct

    def _groups(self, tasks: Sequence[TaskRow]) -> list[list[int]]:
        """The numbers of the tasks in each part of the job in which a record may come once only."""
        partitions = self.job.spec.partitions if self.job.spec else ()
        names = [name for partition in partitions if partition.MAY_SHARE for name in partition.names]
        found: dict[tuple[Value | None, ...], list[int]] = {}
        for number, task in enumerate(tasks):
            values = task.partition or {}
            found.setdefault(tuple(values.get(name) for name in names), []).append(number)
        return list(found.values())

    def _in_time(self, pieces: Iterable[Repeats]) -> Iterator[Repeats]:
        for piece in pieces:
            self._refuse_late()
            yield piece

    def _read(self, tasks: Sequence[TaskRow], share: Share) -> list["array[int]"]:
        """Each task's fingerprints in `share`, in order."""
        held = [array("Q")] * len(tasks)
        gone: list[int] = []

        def read(number: int) -> bool:
            body = self._stored(tasks[number])
            if body is None:
                gone.append(number)
            else:
                held[number] = in_order(read_fingerprints(body), share)
            return not self.box.is_over

        run_concurrently(read, range(len(tasks)))
        self._refuse_late()
        for number in gone:  # one by one: a task's records take much more memory
            held[number] = in_order(read_fingerprints(self._made_again(tasks[number])), share)
            self._refuse_late()
        return held

    def _stored(self, task: TaskRow) -> bytes | None:
        """The task's fingerprints, None where they are gone: deleted, say, or never written by an older release."""
        if not task.records:
            return b""
        body = self.raw_payloads.get(keys.proof_key(self.job.job_id, task.task_id, task.sha256))
        return body if body is not None and len(body) == SIZE * task.records else None

    def _made_again(self, task: TaskRow) -> bytes:
        if isinstance(self._output, Csv):
            raise _NotShownError(
                f"the fingerprints of task {task.task_id} are gone, and CSV holds too little to make them again"
            )
        return fingerprints_of(self._records(task), self.job.record_key)

    @property
    def _output(self) -> Output:
        return self.job.spec.output if self.job.spec else Jsonl()

    def _records(self, task: TaskRow) -> bytes:
        """The task's dataset object, if it is the one that was written."""
        key = keys.dataset_key(self.job.name, self.job.job_id, task.task_id, self._output.SUFFIX)
        body = self.dataset.get(key)
        if body is None or hashlib.sha256(body).hexdigest() != task.sha256:
            raise _NotShownError(
                f"the dataset object of task {task.task_id} is {'gone' if body is None else 'not what was written'}"
            )
        return body

    def _told(self, tasks: Sequence[TaskRow], found: Repeats, keyless: int) -> Uniqueness:
        """With examples. Where two fingerprints agree by chance, their records do not: few are looked at."""
        are_few = found.values < MAX_KNOWN
        examples: list[Example] = []
        real: list[Repeat] = []
        for repeat in found.known:
            may_be_chance = are_few and repeat.times == 2
            if may_be_chance or len(examples) < _EXAMPLES:
                places = self._places(tasks, repeat)
                texts = [self._text_at(tasks[number], index) for number, index in places]
                if may_be_chance and texts[0] != texts[1]:
                    continue
                if len(examples) < _EXAMPLES:
                    examples.append(_example(texts[0], [Place(tasks[n].task_id, index) for n, index in places]))
            real.append(repeat)
        holders = {number for repeat in real for number in repeat.tasks} if are_few else found.tasks
        chances = len(found.known) - len(real)
        return Uniqueness(
            found.records,
            keyless,
            found.distinct + chances,
            tuple(examples),
            tuple(tasks[number].task_id for number in sorted(holders)),
        )

    def _places(self, tasks: Sequence[TaskRow], repeat: Repeat) -> list[tuple[int, int]]:
        """The first two places of a fingerprint: number of the task, and index in it."""
        places: list[tuple[int, int]] = []
        for number in repeat.tasks[:2]:
            self._refuse_late()
            body = self._stored(tasks[number]) or self._made_again(tasks[number])
            values = enumerate(read_fingerprints(body))
            places += [(number, index) for index, value in values if value == repeat.value]
        return places[:2]

    def _text_at(self, task: TaskRow, index: int) -> tuple[str | None, str]:
        """A record's key, if it has one, and what tells it from others."""
        self._refuse_late()
        if isinstance(self._output, Csv):
            return row_text(self._records(task), index, self.job.record_key)
        line = line_at(self._records(task), index)
        key = key_text(loads(line.encode())[0], self.job.record_key)
        return (None, line) if key is None else (key, "")

    def _refuse_late(self) -> None:
        if self.box.is_over:
            raise _NotShownError("there was no time left to look at all fingerprints")


def _example(text: tuple[str | None, str], places: Sequence[Place]) -> Example:
    key = text[0]
    return Example(key if key is None or len(key) <= _MAX_SHOWN else key[: _MAX_SHOWN - 1] + "…", tuple(places))
