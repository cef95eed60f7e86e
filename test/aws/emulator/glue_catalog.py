"""Glue's Data Catalog.

- On AWS names of databases, tables and columns are lower-cased; unpatched ministack keeps their case.
- On AWS UpdateTable replaces the whole definition; unpatched ministack keeps members that the request leaves out.
- AWS omits absent members; unpatched ministack returns empty texts and nulls, with which Trino does not recognize a
  view.
- Athena accepts projection ranges in years, months and weeks. Trino does not: it gets them in days.
"""

import base64
import json
import re

from harness import Harness
from patching import wrapped

VIEW_PREFIX = "/* Presto View: "

DEFAULTS = {
    "Description": "",
    "Owner": "",
    "StorageDescriptor": {},
    "PartitionKeys": [],
    "Parameters": {},
    "ViewOriginalText": None,
    "ViewExpandedText": None,
}


def install(harness: Harness) -> None:
    from ministack.core.responses import json_response
    from ministack.services import glue

    install_lower_case(glue)

    @wrapped(glue, "_update_table")
    def update_table(original, data):
        given = {**DEFAULTS, **data.get("TableInput", {})}
        return original({**data, "TableInput": given})

    @wrapped(glue, "_get_table")
    def get_table(original, data):
        status, headers, body = original(data)
        if status != 200:
            return status, headers, body
        return json_response({"Table": cleaned(json.loads(body)["Table"])})

    @wrapped(glue, "_get_tables")
    def get_tables(original, data):
        status, headers, body = original(data)
        if status != 200:
            return status, headers, body
        return json_response({"TableList": [cleaned(table) for table in json.loads(body)["TableList"]]})


# Names


def install_lower_case(glue) -> None:
    for action in ("create", "get", "update", "delete"):
        for kind in ("database", "table", "partition", "partitions", "tables"):
            name = f"_{action}_{kind}"
            if hasattr(glue, name):
                install_lower_cased(glue, name)
    for name in ("_batch_create_partition", "_batch_get_partition", "_batch_update_partition", "_batch_delete_table"):
        install_lower_cased(glue, name)


def install_lower_cased(glue, name: str) -> None:
    @wrapped(glue, name)
    def call(original, data):
        return original(lower_cased(data))


def lower_cased(data: dict) -> dict:
    out = {
        name: value.lower() if name in ("Name", "DatabaseName", "TableName") and isinstance(value, str) else value
        for name, value in data.items()
    }
    for name in ("TableInput", "DatabaseInput"):
        if isinstance(out.get(name), dict):
            out[name] = lower_cased(out[name])
    if isinstance(out.get("PartitionKeys"), list):
        out["PartitionKeys"] = [lower_cased(column) for column in out["PartitionKeys"]]
    storage = out.get("StorageDescriptor")
    if isinstance(storage, dict) and storage.get("Columns"):
        out["StorageDescriptor"] = {**storage, "Columns": [lower_cased(column) for column in storage["Columns"]]}
    return out


# Tables as Glue returns them


def cleaned(table: dict) -> dict:
    out = {
        name: value
        for name, value in table.items()
        if value is not None and not (name in ("Description", "Owner") and value == "")
    }
    parameters = out.get("Parameters") or {}
    if parameters.get("projection.enabled") == "true":
        out["Parameters"] = {
            name: range_in_days(value) if re.fullmatch(r"projection\..*\.range", name) else value
            for name, value in parameters.items()
        }
    text = out.get("ViewOriginalText") or ""
    if out.get("TableType") == "VIRTUAL_VIEW" and text.startswith(VIEW_PREFIX):
        out["ViewOriginalText"] = run_as_invoker(text)
        out["StorageDescriptor"] = {"SerdeInfo": {}, **out.get("StorageDescriptor", {})}
    return out


def range_in_days(text: str) -> str:
    days = {"YEAR": 366, "MONTH": 31, "WEEK": 7}

    def in_days(match: re.Match) -> str:
        return f"{match[1]}{int(match[2]) * days[match[3]]}DAYS"

    return re.sub(r"([+-]\s*)(\d+)\s*(YEAR|MONTH|WEEK)S?", in_days, text)


def run_as_invoker(text: str) -> str:
    """Athena writes views without an owner. Trino needs the statement that they run as the caller."""
    view = json.loads(base64.b64decode(text[len(VIEW_PREFIX) : -len(" */")]))
    if "owner" in view or view.get("runAsInvoker"):
        return text
    return VIEW_PREFIX + base64.b64encode(json.dumps({**view, "runAsInvoker": True}).encode()).decode() + " */"
