"""So many worker processes live at most, and none stays idle for long.

AWS: an account runs so many invocations at a time; environments that nobody invokes are ended.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

MiniStack starts a process of some sixty megabytes for each invocation that finds none idle, however many there are,
and keeps the first of each function for ever. Here they are `Limits.workers` at most, of which the longest idle makes
room for another function's. Where AWS would throttle, calls wait their turn, since they were meant for more
concurrency than a laptop has.

Functions that call others, by Invoke or through an API, hold a worker while they wait for one. So that this ends, no
function takes all: two workers are kept for functions that have none, and one function has less than half.
"""

import itertools
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

KEPT = 2
# A worker that has just become idle is about to be asked again: only for a function that has none does it make room.
RECENT_SECONDS = 30.0
# To start a worker takes a processor for more than a second: most calls are served by another before that.
PATIENCE_SECONDS = 0.2


class Limits(NamedTuple):
    """How many workers may live, may belong to one function and may start at a time, and for how long one may idle."""

    workers: int
    of_one: int
    starting: int
    idle_seconds: float


def limits(workers: int, idle_seconds: float) -> Limits:
    """`workers`: 8 or more."""
    return Limits(workers, workers // 2 - KEPT, os.cpu_count() or 1, idle_seconds)


@dataclass(eq=False)
class _Call:
    """An invocation that waits for a worker."""

    key: str
    make: Any
    number: int
    served: threading.Event = field(default_factory=threading.Event)
    worker: Any = None
    since: float = field(default_factory=time.time)


class Pool:
    """Hands MiniStack's workers to calls. All but `acquire` is called with MiniStack's lock held."""

    def __init__(self, bounds: Limits) -> None:
        self.bounds = bounds
        self.waiting: list[_Call] = []
        self.starting: set[Any] = set()
        self.numbers = itertools.count()

    def acquire(self, name, config, code, qualifier="$LATEST", max_concurrency=None):
        """A worker for one invocation, as soon as it is the call's turn."""
        del max_concurrency  # nobody gives it
        key = lambda_runtime._worker_key(name, config, qualifier)
        call = _Call(key, lambda: lambda_runtime._worker_class_for(config)(name, config, code), next(self.numbers))
        with lambda_runtime._lock:
            self.waiting.append(call)
        while not call.served.is_set():
            self.hand_out()
            call.served.wait(PATIENCE_SECONDS)  # nobody tells when patience ends, or a worker is removed otherwise
        if call.worker in self.starting:
            self._start(call.worker)
            return call.worker, "spawn"
        return call.worker, "reused"

    def release(self, worker) -> None:
        if worker is None:
            return
        with lambda_runtime._lock:
            worker.in_use, worker.last_used = False, time.time()
            dead = [worker] if worker._proc is None else []
            self._remove(dead)
        lambda_runtime.kill_workers(dead)
        self.hand_out()

    def end_idle(self, seconds=None) -> int:
        """End the workers that were idle for so long; returns how many."""
        with lambda_runtime._lock:
            ended = self._idle(self.bounds.idle_seconds if seconds is None else seconds)
            self._remove(ended)
        lambda_runtime.kill_workers(ended)
        return len(ended)

    def hand_out(self) -> None:
        """Give workers to the calls that can have one: functions with few workers first, then in order."""
        evicted: list[Any] = []
        with lambda_runtime._lock:
            for call in sorted(self.waiting, key=lambda call: (len(self._of(call.key)), call.number)):
                call.worker = self._take(call, evicted)
                if call.worker:
                    call.worker.in_use, call.worker.last_used = True, time.time()
                    self.waiting.remove(call)
                    call.served.set()
        lambda_runtime.kill_workers(evicted)

    def _take(self, call: _Call, evicted: list[Any]):
        own = self._of(call.key)
        if idle := [worker for worker in own if not worker.in_use]:
            return idle[0]
        if own and (len(own) >= self.bounds.of_one or len(self.starting) >= self.bounds.starting):
            return None
        if own and time.time() - call.since < PATIENCE_SECONDS:
            return None
        room = self.bounds.workers - (KEPT if own else 0) - sum(map(len, lambda_runtime._workers.values()))
        makes_room = self._idle(RECENT_SECONDS if own else 0)[: max(0, 1 - room)]
        if room + len(makes_room) < 1:
            return None
        self._remove(makes_room)
        evicted += makes_room
        worker = call.make()
        lambda_runtime._workers.setdefault(call.key, []).append(worker)
        self.starting.add(worker)
        return worker

    def _start(self, worker) -> None:
        """Start the worker's process. One that does not start answers its call with the reason, and that is all."""
        try:
            lambda_runtime.ensure_spawned(worker)
        except Exception as error:
            # MiniStack would end all of the function's workers, those at work too.
            failure = {"status": "error", "error": str(error)}
            worker.invoke = lambda *_event, **_context: failure
            lambda_runtime.kill_workers([worker])
        finally:
            with lambda_runtime._lock:
                self.starting.discard(worker)
            self.hand_out()

    def _of(self, key: str):
        return lambda_runtime._workers.get(key, [])

    def _idle(self, seconds: float):
        """Those that are idle for at least so long, the longest first."""
        until = time.time() - seconds
        every = itertools.chain.from_iterable(lambda_runtime._workers.values())
        idle = [worker for worker in every if not worker.in_use and worker.last_used <= until]
        return sorted(idle, key=lambda worker: worker.last_used)

    def _remove(self, workers) -> None:
        for key, of_one in list(lambda_runtime._workers.items()):
            kept = [worker for worker in of_one if worker not in workers]
            if kept:
                lambda_runtime._workers[key] = kept
            else:
                del lambda_runtime._workers[key]


def _end_idle_now_and_then(pool: Pool) -> None:
    while True:
        time.sleep(min(5.0, pool.bounds.idle_seconds))
        pool.end_idle()


def install() -> None:
    pool = Pool(limits(int(os.environ["LAPTOP_AWS_WORKERS"]), float(os.environ["LAPTOP_AWS_IDLE_SECONDS"])))
    for module in (lambda_runtime, lambda_svc):
        module.acquire_worker, module.release_worker = pool.acquire, pool.release
        module.reap_idle_workers = pool.end_idle
    threading.Thread(target=_end_idle_now_and_then, args=(pool,), name="idle-workers", daemon=True).start()
