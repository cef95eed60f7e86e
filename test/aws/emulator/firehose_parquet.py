"""Firehose's conversion of JSON to Parquet.

Unpatched ministack takes a millisecond for each row, and silently loses a record with half a surrogate pair. This
conversion reads all rows at once, and writes an error object for those that it cannot convert.
"""

import json
import tempfile
from pathlib import Path

from harness import Harness
from patching import wrapped

CODECS = {"GZIP": "gzip", "UNCOMPRESSED": "uncompressed", "SNAPPY": "snappy"}


def install(harness: Harness) -> None:
    from ministack.services import firehose

    @wrapped(firehose, "_convert_to_parquet")
    def convert(original, conversion, data):
        serializer = (conversion.get("OutputFormatConfiguration") or {}).get("Serializer") or {}
        deserializer = (conversion.get("InputFormatConfiguration") or {}).get("Deserializer") or {}
        if "ParquetSerDe" not in serializer or "OpenXJsonSerDe" in deserializer:
            return original(conversion, data)
        codec = CODECS[(serializer["ParquetSerDe"] or {}).get("Compression", "SNAPPY")]
        return parquet_of(columns_of(conversion), rows_of(data), codec)


def columns_of(conversion: dict) -> dict[str, str]:
    """The columns of the Glue table: DuckDB's types by name."""
    from ministack.services import firehose, glue

    schema = conversion.get("SchemaConfiguration") or {}
    table = glue._tables.get(f"{schema.get('DatabaseName', '').lower()}/{schema.get('TableName', '').lower()}")
    columns = ((table or {}).get("StorageDescriptor") or {}).get("Columns") or []
    if not columns:
        raise firehose._conversion_error("table")
    return {column["Name"]: firehose._hive_to_duckdb_type(column.get("Type", "string")) for column in columns}


def rows_of(data: bytes) -> list[dict]:
    """HiveJsonSerDe ignores case when it looks up the key of a column."""
    from ministack.services import firehose

    return [{name.lower(): value for name, value in row.items()} for row in firehose._json_documents(data)]


def parquet_of(columns: dict[str, str], rows: list[dict], codec: str) -> bytes:
    import duckdb
    from ministack.services import firehose

    types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        source, target = Path(folder, "rows.jsonl"), Path(folder, "rows.parquet")
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
        reading = f"read_json({literal(str(source))}, format = 'newline_delimited', columns = {{{types}}})"
        try:
            connection.execute(f"COPY (FROM {reading}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION {codec})")
        except duckdb.Error as error:
            raise firehose._conversion_error("mismatch") from error
        return target.read_bytes()


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
