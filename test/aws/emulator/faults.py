"""The switches for faults that tests set while the emulator runs; `control_path.py` is the way to them.

Every switch counts down as it is used. Several of a kind are used one after the other.
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
    duplicates: int = 0
    """So many of the next objects of Firehose are written twice."""
    states: list[StateFault] = field(default_factory=list)
    ttl_deletes: int = 0
    """So many of the next removals in streams are those of time to live."""
    export_failures: int = 0
    """So many of the next exports fail."""

    def take(self, counter: str) -> bool:
        """Uses up one of a counter's, if there is one."""
        with self.lock:
            left = getattr(self, counter)
            if left > 0:
                setattr(self, counter, left - 1)
            return left > 0

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
            self.duplicates = self.ttl_deletes = self.export_failures = 0

    def set(self, wanted: dict) -> None:
        """Adds the faults of a control request; raises ValueError or TypeError for what is none."""
        known: dict[str, Callable] = {
            "putFailure": lambda value: self.put_failures.append(PutFailure(**value)),
            "hold": self._hold,
            "duplicates": lambda value: setattr(self, "duplicates", int(value)),
            "state": lambda value: self.states.append(StateFault(**value)),
            "ttlDeletes": lambda value: setattr(self, "ttl_deletes", int(value)),
            "exportFailures": lambda value: setattr(self, "export_failures", int(value)),
        }
        unknown = set(wanted) - set(known)
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")
        with self.lock:
            for name, value in wanted.items():
                known[name](value)

    def _hold(self, value: bool | str) -> None:
        if isinstance(value, str):
            self.holding_streams.add(value)
        else:
            self.holds_all = value
            if not value:
                self.holding_streams.clear()

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
                "duplicates": self.duplicates,
                "states": [asdict(fault) for fault in self.states],
                "ttlDeletes": self.ttl_deletes,
                "exportFailures": self.export_failures,
            }
