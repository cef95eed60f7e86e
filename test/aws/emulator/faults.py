"""The switches for faults that tests set while the emulator runs; `control_path.py` is the way to them.

Every switch counts down as it is used. Several of a kind are used one after the other. Each can be meant for one stream,
table or machine alone: test files share an emulator and run at the same time.
"""

import threading
from dataclasses import asdict, dataclass, field
from typing import Callable


@dataclass
class PutFailure:
    """The next `calls` PutRecordBatch requests have entries that fail: every n-th entry, over all of these requests."""

    calls: int
    every: int = 1
    stream: str | None = None
    entries_seen: int = 0


@dataclass
class StateFault:
    """The state of this name goes wrong `times` times.

    `how`: "fail" ends the task with the error, so that the state's own Retry and Catch act; "abort" ends the whole
    execution as StopExecution does, and nothing of the machine runs any more. `when`: before the task is begun, or
    after it was done and its answer is lost.
    """

    state: str
    how: str = "fail"
    when: str = "before"
    error: str = "States.TaskFailed"
    cause: str = "a fault that a test asked for"
    machine: str | None = None
    times: int = 1

    def __post_init__(self) -> None:
        if self.how not in ("fail", "abort") or self.when not in ("before", "after"):
            raise ValueError('how is "fail" or "abort", when is "before" or "after"')


@dataclass
class Counted:
    """The next `times` go wrong, of everything or of one stream or table."""

    times: int
    of: str | None = None


@dataclass
class HeldObject:
    """What Firehose would have written by now."""

    stream: str
    bucket: str
    key: str
    size: int
    write: Callable[[str], None]
    """Writes it under the given key."""


@dataclass
class Faults:
    lock: threading.RLock = field(default_factory=threading.RLock)
    put_failures: list[PutFailure] = field(default_factory=list)
    holds_all: bool = False
    holding_streams: set[str] = field(default_factory=set)
    held: list[HeldObject] = field(default_factory=list)
    states: list[StateFault] = field(default_factory=list)
    duplicates: list[Counted] = field(default_factory=list)
    """The next objects of Firehose that are written twice, by stream."""
    ttl_deletes: list[Counted] = field(default_factory=list)
    """The next removals in streams that are those of time to live, by table."""
    export_failures: list[Counted] = field(default_factory=list)
    """The next exports that fail, by table."""

    def take(self, counter: str, of: str) -> bool:
        """Uses up one of a counter's, if there is one for this stream or table."""
        with self.lock:
            counted: list[Counted] = getattr(self, counter)
            found = next((one for one in counted if one.of in (None, of)), None)
            if found is None:
                return False
            found.times -= 1
            if found.times <= 0:
                counted.remove(found)
            return True

    def failing_entries(self, stream: str, count: int) -> set[int]:
        """Which of a PutRecordBatch's entries fail, by their index."""
        with self.lock:
            failure = next((f for f in self.put_failures if f.stream in (None, stream)), None)
            if failure is None:
                return set()
            seen = failure.entries_seen
            failure.entries_seen += count
            failure.calls -= 1
            if failure.calls <= 0:
                self.put_failures.remove(failure)
            return {i for i in range(count) if (seen + i + 1) % failure.every == 0}

    def state_fault(self, machine: str, state: str, when: str) -> StateFault | None:
        with self.lock:
            for fault in self.states:
                if fault.state == state and fault.when == when and fault.machine in (None, machine):
                    fault.times -= 1
                    if fault.times <= 0:
                        self.states.remove(fault)
                    return fault
            return None

    def holds(self, stream: str) -> bool:
        return self.holds_all or stream in self.holding_streams

    def take_held(self, limit: int | None, stream: str | None) -> list[HeldObject]:
        with self.lock:
            taken = [held for held in self.held if stream in (None, held.stream)][:limit]
            self.held = [held for held in self.held if held not in taken]
            return taken

    def clear(self) -> None:
        """Nothing goes wrong from now on. What is held stays held until it is released."""
        with self.lock:
            self.put_failures.clear()
            self.states.clear()
            self.holding_streams.clear()
            self.holds_all = False
            self.duplicates.clear()
            self.ttl_deletes.clear()
            self.export_failures.clear()

    def set(self, wanted: dict) -> None:
        """Adds the faults of a control request; raises ValueError or TypeError for what is none."""
        known: dict[str, Callable] = {
            "putFailure": lambda value: self.put_failures.append(PutFailure(**value)),
            "hold": self._hold,
            "unhold": self._unhold,
            "duplicates": lambda value: self.duplicates.append(Counted(**value)),
            "state": lambda value: self.states.append(StateFault(**value)),
            "ttlDeletes": lambda value: self.ttl_deletes.append(Counted(**value)),
            "exportFailures": lambda value: self.export_failures.append(Counted(**value)),
        }
        unknown = set(wanted) - set(known)
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")
        with self.lock:
            for name, value in wanted.items():
                known[name](value)

    def _hold(self, stream: str | None) -> None:
        if stream is None:
            self.holds_all = True
        else:
            self.holding_streams.add(stream)

    def _unhold(self, stream: str | None) -> None:
        if stream is None:
            self.holds_all = False
            self.holding_streams.clear()
        else:
            self.holding_streams.discard(stream)

    def told(self) -> dict:
        """What is set, as JSON."""
        with self.lock:
            return {
                "putFailures": [asdict(failure) for failure in self.put_failures],
                "hold": self.holds_all or sorted(self.holding_streams),
                "held": [
                    {"stream": held.stream, "bucket": held.bucket, "key": held.key, "bytes": held.size}
                    for held in self.held
                ],
                "states": [asdict(fault) for fault in self.states],
                "duplicates": [asdict(one) for one in self.duplicates],
                "ttlDeletes": [asdict(one) for one in self.ttl_deletes],
                "exportFailures": [asdict(one) for one in self.export_failures],
            }
