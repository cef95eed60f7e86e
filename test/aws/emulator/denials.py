"""A record of what policies denied, for tests to read."""

import logging
import threading

log = logging.getLogger("dynalake")


class Denials:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[dict] = []

    def add(self, principal: str, action: str, resource: str, prefix: str | None = None) -> None:
        """`prefix` is that of a denied listing of a bucket."""
        entry = {"principal": principal, "action": action, "resource": resource}
        if prefix is not None:
            entry["prefix"] = prefix
        log.warning("denied: %s on %s for %s", action, resource, principal)
        with self._lock:
            if entry not in self._entries:
                self._entries.append(entry)

    def list(self) -> list[dict]:
        with self._lock:
            return list(self._entries)

    def forget(self, to: str) -> None:
        with self._lock:
            self._entries = [entry for entry in self._entries if to not in entry["principal"]]
