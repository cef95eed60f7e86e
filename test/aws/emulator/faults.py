"""Switches for faults, which tests set through `control_path.py` while the emulator runs.

Every switch counts down as it is used. Several of the same kind are used one after the other. A switch can be limited
to one stream, table or machine, because test files share an emulator and run at the same time.
"""

import threading
from dataclasses import asdict, dataclass, field
from typing import Callable


@dataclass
class PutFailure:
    """Entries of the next `calls` PutRecordBatch requests fail: every n-th entry, counted across these requests."""

    calls: int
    every: int = 1
    stream: str | None = None
    entries_seen: int = 0


@dataclass
class StateFault:
    """The state of this name fails `times` times.

    `how`: "fail" ends the task with the error, to which the state's own Retry and Catch apply; "abort" ends the whole
    execution, as StopExecution does. `when`: before the task starts, or after it has finished, so that its answer is
    lost.
    """

    state: str
    how: str = "fail"
    when: str = "before"
    error: str = "States.TaskFailed"
    cause: str = "a fault that a test asked for"
    machine: str | None = None
    table: str | None = None
    """Of the execution's input: only those that work on this table."""
    times: int = 1

    def __post_init__(self) -> None:
        if self.how not in ("fail", "abort") or self.when not in ("before", "after"):
            raise ValueError('how is "fail" or "abort", when is "before" or "after"')


@dataclass
class Counted:
    """The next `times` fail, of all or of one stream or table."""

    times: int
    of: str | None = None


@dataclass
class HeldObject:
    """An object that Firehose holds back."""

    stream: str
    bucket: str
    key: str
    size: int
    write: Callable[[str], None]
    """Writes it to the given key."""


@dataclass
class Faults:
    lock: threading.RLock = field(default_factory=threading.RLock)
    put_failures: list[PutFailure] = field(default_factory=list)
    holds_all: bool = False
    holding_streams: set[str] = field(default_factory=set)
    held: list[HeldObject] = field(default_factory=list)
    states: list[StateFault] = field(default_factory=list)
    duplicates: list[Counted] = field(default_factory=list)
    """How many of Firehose's next objects are written twice, by stream."""
    ttl_deletes: list[Counted] = field(default_factory=list)
    """How many of the next removals count as removals by time to live, by table."""
    export_failures: list[Counted] = field(default_factory=list)
    """How many of the next exports fail, by table."""

    def take(self, counter: str, of: str) -> bool:
        """Uses one of a counter, if there is one for this stream or table."""
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
        """The indexes of the entries of a PutRecordBatch that fail."""
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

    def state_fault(self, machine: str, table: str | None, state: str, when: str) -> StateFault | None:
        with self.lock:
            for fault in self.states:
                if (fault.state, fault.when) != (state, when):
                    continue
                if fault.machine in (None, machine) and fault.table in (None, table):
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
        """Clears all faults. Objects that are held back stay so until they are released."""
        with self.lock:
            self.put_failures.clear()
            self.states.clear()
            self.holding_streams.clear()
            self.holds_all = False
            self.duplicates.clear()
            self.ttl_deletes.clear()
            self.export_failures.clear()

    def set(self, wanted: dict) -> None:
        """Adds the faults of a control request; raises ValueError or TypeError if they are invalid."""
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
        """The faults that are set, as JSON."""
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
