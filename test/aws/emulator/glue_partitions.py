"""Partitions of Glue's tables.

- On AWS GetPartitions honors an expression, a segment and pages; unpatched ministack always returns all partitions.
- On AWS batches have limits (100 to create or update, 25 to delete); unpatched ministack accepts any number.
- Unpatched ministack lacks UpdatePartition and BatchDeletePartition.
"""

import json
import sqlite3

from glue_catalog import lower_cased
from harness import Harness
from patching import wrapped

CREATED_MAX, UPDATED_MAX, DELETED_MAX, PAGE_MAX = 100, 100, 25, 1000
INTEGER_TYPES = ("tinyint", "smallint", "int", "bigint")


def install(harness: Harness) -> None:
    from ministack.services import glue

    install_limits(glue)

    @wrapped(glue, "_get_partitions")
    def get_partitions(original, data):
        return partitions_page(data)

    missing = {"UpdatePartition": update_partition, "BatchDeletePartition": batch_delete_partition}

    @wrapped(glue, "_handle_request_sync")
    def handle(original, method, path, headers, body, query):
        action = headers.get("x-amz-target", "").split(".")[-1]
        if action in missing:
            return missing[action](lower_cased(json.loads(body or b"{}")))
        return original(method, path, headers, body, query)


def partitions_page(data: dict):
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import glue

    key = f"{data.get('DatabaseName')}/{data.get('TableName')}"
    table = glue._tables.get(key)
    if table is None:
        return error_response_json("EntityNotFoundException", f"Table {data.get('TableName')} not found.", 400)
    partitions = list(glue._partitions.get(key, []))
    if data.get("Expression"):
        try:
            partitions = matching(partitions, table.get("PartitionKeys", []), data["Expression"])
        except sqlite3.Error as error:
            message = f"Unsupported expression '{data['Expression']}': {error}"
            return error_response_json("InvalidInputException", message, 400)
    segment = data.get("Segment")
    if segment:
        number, total = segment["SegmentNumber"], segment["TotalSegments"]
        partitions = [p for p in partitions if sum(map(ord, "/".join(p["Values"]))) % total == number]
    start = int(data.get("NextToken") or 0)
    end = start + min(int(data.get("MaxResults") or PAGE_MAX), PAGE_MAX)
    page = {"Partitions": partitions[start:end]}
    if end < len(partitions):
        page["NextToken"] = str(end)
    return json_response(page)


def matching(partitions: list[dict], keys: list[dict], expression: str) -> list[dict]:
    """The partitions that match the expression, which is SQL over the partition keys."""
    kinds = ["INTEGER" if key["Type"] in INTEGER_TYPES else "TEXT" for key in keys]
    columns = ", ".join(f'"{key["Name"]}" {kind}' for key, kind in zip(keys, kinds))
    places = ", ".join("?" * (len(keys) + 1))
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE partitions ({columns}, _place INTEGER)")
        rows = [(*partition["Values"], i) for i, partition in enumerate(partitions)]
        database.executemany(f"INSERT INTO partitions VALUES ({places})", rows)
        found = database.execute(f"SELECT _place FROM partitions WHERE {expression} ORDER BY _place")
        return [partitions[row[0]] for row in found]


def install_limits(glue) -> None:
    for name, member, limit in (
        ("_batch_create_partition", "PartitionInputList", CREATED_MAX),
        ("_batch_update_partition", "Entries", UPDATED_MAX),
        ("_batch_get_partition", "PartitionsToGet", PAGE_MAX),
    ):
        install_limit(glue, name, member, limit)


def install_limit(glue, name: str, member: str, limit: int) -> None:
    from ministack.core.responses import error_response_json

    @wrapped(glue, name)
    def call(original, data):
        if f"{data.get('DatabaseName')}/{data.get('TableName')}" not in glue._tables:
            return error_response_json("EntityNotFoundException", f"Table {data.get('TableName')} not found.", 400)
        if len(data.get(member, [])) > limit:
            return too_many(member, limit)
        return original(data)


def too_many(member: str, limit: int):
    from ministack.core.responses import error_response_json

    place = member[0].lower() + member[1:]
    message = (
        f"1 validation error detected: Value at '{place}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {limit}"
    )
    return error_response_json("ValidationException", message, 400)


def update_partition(data: dict):
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import glue

    entry = {name: data.get(name) for name in ("PartitionValueList", "PartitionInput")}
    status, headers, body = glue._batch_update_partition({**data, "Entries": [entry]})
    if status != 200:
        return status, headers, body
    errors = json.loads(body).get("Errors")
    if errors:
        detail = errors[0]["ErrorDetail"]
        return error_response_json(detail["ErrorCode"], detail["ErrorMessage"], 400)
    return json_response({})


def batch_delete_partition(data: dict):
    from ministack.core.responses import json_response
    from ministack.services import glue

    wanted = [partition["Values"] for partition in data.get("PartitionsToDelete", [])]
    if len(wanted) > DELETED_MAX:
        return too_many("PartitionsToDelete", DELETED_MAX)
    key = f"{data.get('DatabaseName')}/{data.get('TableName')}"
    there = [partition["Values"] for partition in glue._partitions.get(key, [])]
    for values in wanted:
        glue._delete_partition({**data, "PartitionValues": values})
    detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Partition not found"}
    return json_response(
        {"Errors": [{"PartitionValues": values, "ErrorDetail": detail} for values in wanted if values not in there]}
    )
