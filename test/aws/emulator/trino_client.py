"""Sends one statement to Trino with its HTTP protocol."""

import json
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Callable

CATALOG = "awsdatacatalog"
NO_NODES_TRIES_MAX = 10


class TrinoError(Exception):
    """`name` is Trino's name for the error, which Athena also uses."""

    def __init__(self, name: str, message: str, *, by_user: bool = False) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message, self.by_user = name, message, by_user


@dataclass
class Result:
    columns: list[dict] = field(default_factory=list)
    rows: list[list] = field(default_factory=list)
    stats: dict = field(default_factory=dict)


def run(
    url: str,
    sql: str,
    *,
    database: str = "default",
    session: dict[str, str] | None = None,
    on_next: Callable[[str], None] | None = None,
) -> Result:
    """Runs the statement to its end. `on_next` receives each address at which a DELETE cancels the statement."""
    for tries in range(1, NO_NODES_TRIES_MAX + 1):
        try:
            return _run_once(url, sql, _headers(database, session), on_next)
        except TrinoError as error:
            # Shortly after its start, Trino may not have registered itself as a worker yet.
            if error.name != "NO_NODES_AVAILABLE" or tries == NO_NODES_TRIES_MAX:
                raise
            time.sleep(0.5)
    raise AssertionError("unreachable")


def cancel(address: str) -> None:
    request = urllib.request.Request(address, method="DELETE")
    urllib.request.urlopen(request, timeout=10).read()


def _headers(database: str, session: dict[str, str] | None) -> dict[str, str]:
    headers = {
        "X-Trino-User": "athena",
        "X-Trino-Catalog": CATALOG,
        "X-Trino-Schema": database,
        "X-Trino-Time-Zone": "UTC",
    }
    if session:
        headers["X-Trino-Session"] = ",".join(f"{name}={value}" for name, value in session.items())
    return headers


def _run_once(url: str, sql: str, headers: dict, on_next: Callable[[str], None] | None) -> Result:
    result = Result()
    request = urllib.request.Request(f"{url}/v1/statement", sql.encode(), headers)
    while True:
        with urllib.request.urlopen(request, timeout=120) as response:
            page = json.load(response)
        result.columns = page.get("columns") or result.columns
        result.rows += page.get("data") or []
        result.stats = page.get("stats") or result.stats
        if "error" in page:
            error = page["error"]
            raise TrinoError(error["errorName"], error["message"], by_user=error.get("errorType") == "USER_ERROR")
        if "nextUri" not in page:
            return result
        if on_next is not None:
            on_next(page["nextUri"])
        request = urllib.request.Request(page["nextUri"], headers=headers)
