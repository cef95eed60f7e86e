"""Runs a statement of Athena in Trino.

Athena engine 3 is Trino with additional statements. Of these UNLOAD is supported, as a CREATE TABLE AS over the target
folder and a DROP TABLE that leaves the files. Hive's DDL is left to ministack, which supports tables only.

- On AWS the target folder must be empty.
- On AWS a statement writes at most 100 partitions. At the 101st it fails, and leaves the files that it has written.
"""

import re
import uuid
from dataclasses import dataclass, field
from typing import Callable

import s3_objects
import trino_client
from athena_text import text_of, type_name
from trino_client import TrinoError

PARTITIONS_MAX = 100
UNLOAD_PROPERTIES = ("format", "partitioned_by")
COMPRESSIONS = ("compression", "write_compression")


@dataclass
class Outcome:
    columns: list[str]
    column_types: list[str]
    rows: list[list[str | None]]
    scanned_bytes: int = 0
    written_rows: int | None = None
    """Only for UNLOAD."""
    written_to: str | None = None


@dataclass(frozen=True)
class Unload:
    select: str
    target: str
    """Ends with "/"."""
    properties: list[str] = field(default_factory=list)
    """For the WITH clause of CREATE TABLE."""
    session: dict[str, str] = field(default_factory=dict)


def run(url: str, sql: str, database: str, on_next: Callable[[str], None]) -> Outcome:
    """Raises TrinoError, whose text is the reason that Athena reports for a failure."""
    unload = parse_unload(sql)
    if unload is not None:
        return run_unload(url, unload, database, on_next)
    result = trino_client.run(url, in_trino_words(sql), database=database, on_next=on_next)
    signatures = [column["typeSignature"] for column in result.columns]
    rows = [[text_of(value, kind) for value, kind in zip(row, signatures)] for row in result.rows]
    names = [column["name"] for column in result.columns]
    scanned = result.stats.get("physicalInputBytes", 0)
    return Outcome(names, [type_name(kind) for kind in signatures], rows, scanned)


def check_syntax(url: str, sql: str, database: str) -> str | None:
    """The error with which Athena refuses to start a statement that cannot be parsed."""
    try:
        unload = parse_unload(sql)
        text = in_trino_words(sql if unload is None else unload.select)
        trino_client.run(url, f"PREPARE statement FROM {text}", database=database)
    except TrinoError as error:
        if error.name == "SYNTAX_ERROR":
            return error.message
    return None


def in_trino_words(sql: str) -> str:
    """Without the semicolon, and with Trino's word for database."""
    cursor = tokens(sql)
    if cursor and cursor[-1][:2] == ("punct", ";"):
        sql = sql[: cursor.pop()[2]]
    first = [token[1] for token in cursor[:2]]
    if first in (["create", "database"], ["drop", "database"], ["show", "databases"]):
        return re.sub(r"(?i)database(s?)", r"schema\1", sql, count=1)
    return sql


def tokens(sql: str) -> list[tuple]:
    """(kind, text, start, end) of each token."""
    from ministack.services import athena

    return list(athena._sql_tokens(sql))


# UNLOAD


def parse_unload(sql: str) -> Unload | None:
    """The parts of `UNLOAD (query) TO 's3://..' WITH (..)`, or None for another statement."""
    found = tokens(sql)
    if found and found[-1][:2] == ("punct", ";"):
        found.pop()
    if not found or found[0][:2] != ("name", "unload"):
        return None
    said = "line 1:1: UNLOAD (query) TO 's3://bucket/folder/' WITH (format = ..)"
    usage = TrinoError("SYNTAX_ERROR", said, by_user=True)
    end = group_end(found, 1)
    if end is None or [token[0] for token in found[end : end + 2]] != ["name", "str"] or found[end][1] != "to":
        raise usage
    select = sql[found[1][3] : found[end - 1][2]]
    target = found[end + 1][1].strip("'").rstrip("/") + "/"
    rest = found[end + 2 :]
    if not rest:
        return Unload(select, target)
    if rest[0][:2] != ("name", "with") or group_end(rest, 1) != len(rest):
        raise usage
    properties, session = unload_properties(property_list(sql, rest[2:-1]))
    return Unload(select, target, properties, session)


def group_end(found: list[tuple], start: int) -> int | None:
    """The index after the group in parentheses that opens at `start`."""
    if start >= len(found) or found[start][:2] != ("punct", "("):
        return None
    depth = 0
    for i in range(start, len(found)):
        if found[i][:2] == ("punct", "("):
            depth += 1
        elif found[i][:2] == ("punct", ")"):
            depth -= 1
            if depth == 0:
                return i + 1
    return None


def property_list(sql: str, found: list[tuple]) -> list[tuple[str, str]]:
    """Parses `name = expression, ..` into names and texts."""
    out: list[tuple[str, str]] = []
    i = 0
    while i < len(found):
        depth, end = 0, i + 2
        while end < len(found) and not (depth == 0 and found[end][:2] == ("punct", ",")):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(found[end][1], 0) if found[end][0] == "punct" else 0
            end += 1
        if end <= i + 2 or found[i + 1][:2] != ("punct", "="):
            raise TrinoError("SYNTAX_ERROR", "line 1:1: a property is name = value", by_user=True)
        out.append((found[i][1].lower(), sql[found[i + 2][2] : found[end - 1][3]]))
        i = end + 1
    return out


def unload_properties(given: list[tuple[str, str]]) -> tuple[list[str], dict[str, str]]:
    properties: list[str] = []
    session: dict[str, str] = {}
    for name, value in given:
        if name in UNLOAD_PROPERTIES:
            properties.append(f"{name} = {value}")
        elif name in COMPRESSIONS:
            session[f"{trino_client.CATALOG}.compression_codec"] = value.strip("'").upper()
        else:
            raise TrinoError("INVALID_TABLE_PROPERTY", f"table property '{name}' does not exist", by_user=True)
    return properties, session


def run_unload(url: str, unload: Unload, database: str, on_next: Callable[[str], None]) -> Outcome:
    from ministack.services import glue

    refuse_full_target(unload.target)
    name = f"unload_{uuid.uuid4().hex}"
    table = f'{trino_client.CATALOG}."{database}".{name}'
    properties = ", ".join([*unload.properties, f"external_location = '{unload.target}'"])
    create = f"CREATE TABLE {table} WITH ({properties}) AS {unload.select}"
    try:
        result = trino_client.run(url, create, database=database, session=unload.session, on_next=on_next)
        if len(glue._partitions.get(f"{database}/{name}", [])) > PARTITIONS_MAX:
            message = f"Exceeded limit of {PARTITIONS_MAX} open writers for partitions/buckets"
            raise TrinoError("HIVE_TOO_MANY_OPEN_PARTITIONS", message, by_user=True)
    finally:
        # Athena does not create this table.
        glue._tables.pop(f"{database}/{name}", None)
        glue._partitions.pop(f"{database}/{name}", None)
    scanned = result.stats.get("physicalInputBytes", 0)
    return Outcome(["rows"], ["bigint"], [], scanned, result.rows[0][0], unload.target)


def refuse_full_target(target: str) -> None:
    try:
        bucket, folder = s3_objects.split(target)
        there = s3_objects.keys_below(bucket, folder)
    except ValueError as error:
        raise TrinoError("INVALID_TABLE_PROPERTY", str(error), by_user=True) from error
    if there:
        message = (
            f"Target directory for table already exists: {target}. You may need to manually clean the data at this "
            "location before retrying. Athena will not delete data in your account."
        )
        raise TrinoError("HIVE_PATH_ALREADY_EXISTS", message, by_user=True)
