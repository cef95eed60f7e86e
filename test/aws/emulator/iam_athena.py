"""The permissions that a query needs from its caller: for tables in Glue, their files, the target of an UNLOAD, and its
result.

The tables are those in the statement and, for views among them, those in the views.
"""

import base64
import json

import athena_sql
import iam_roles
import s3_objects
import trino_client
from glue_catalog import VIEW_PREFIX
from harness import Harness


def caller() -> str | None:
    """The caller, which is kept with the query because it runs in another thread."""
    return iam_roles.caller_role()


def require(harness: Harness, execution: dict, sql: str, database: str) -> None:
    """Raises TrinoError with PERMISSION_DENIED, as Athena reports it."""
    role = execution.get("_caller")
    if not harness.iam or role is None:
        return
    for action, resource, *prefix in needed(execution, sql, database):
        denied = iam_roles.denied_to_role(harness, role, action, resource, *prefix)
        if denied is not None:
            raise trino_client.TrinoError("PERMISSION_DENIED", denied, by_user=True)


def needed(execution: dict, sql: str, database: str):
    """(action, resource) of everything that the statement uses, and the prefix of what it lists."""
    unload = athena_sql.parse_unload(sql)
    if unload is not None:
        bucket, folder = s3_objects.split(unload.target)
        yield "s3:PutObject", f"arn:aws:s3:::{bucket}/{folder}x"
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}", folder
    bucket, key = s3_objects.split(execution["ResultConfiguration"]["OutputLocation"])
    yield "s3:GetBucketLocation", f"arn:aws:s3:::{bucket}"
    yield "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}"
    for name, table in tables_of(sql if unload is None else unload.select, database, set()):
        yield from needed_of_table(*name.split("/"), table)


def needed_of_table(database: str, name: str, table: dict):
    actions = ["glue:GetDatabase", "glue:GetTable"]
    if table.get("PartitionKeys") and (table.get("Parameters") or {}).get("projection.enabled") != "true":
        actions += ["glue:GetPartitions", "glue:BatchGetPartition"]
    for action in actions:
        for arn in iam_roles.glue_arns(database, name)[: 2 if action == "glue:GetDatabase" else 3]:
            yield action, arn
    location = (table.get("StorageDescriptor") or {}).get("Location")
    if location and table.get("TableType") != "VIRTUAL_VIEW":
        bucket, folder = s3_objects.split(location)
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}", f"{folder.rstrip('/')}/"
        yield "s3:GetObject", f"arn:aws:s3:::{bucket}/{folder.rstrip('/')}/x"


def tables_of(sql: str, database: str, seen: set[str]):
    """The tables that the statement reads, directly or through views, each once."""
    from ministack.services import athena, glue

    for reference in athena._table_references(sql):
        name = f"{(reference.database or database).lower()}/{reference.table.lower()}"
        table = glue._tables.get(name)
        if table is None or name in seen:
            continue
        seen.add(name)
        yield name, table
        text = table.get("ViewOriginalText") or ""
        if table.get("TableType") == "VIRTUAL_VIEW" and text.startswith(VIEW_PREFIX):
            view = json.loads(base64.b64decode(text[len(VIEW_PREFIX) : -len(" */")]))
            yield from tables_of(view["originalSql"], view.get("schema") or database, seen)
