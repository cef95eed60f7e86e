"""Polars reads an export, infers its schema, takes each attribute out of DynamoDB's JSON and writes Parquet.

Arguments: the folder of the export, and the file to write. Nothing is checked, and numbers become what their column says.
"""

import sys

import polars as pl

folder, target = sys.argv[1:]


def value(name: str, kind: str) -> pl.Expr:
    return pl.col("Item").struct.field(name).struct.field(kind)


details = pl.col("Item").struct.field("Details").struct.field("M")
(
    pl.scan_ndjson(f"{folder}/AWSDynamoDB/*/data/*.json.gz", infer_schema_length=10_000)
    .select(
        value("User", "S").alias("user"),
        value("Book", "S").alias("book"),
        value("Rating", "N").cast(pl.Int32).alias("rating"),
        value("Review", "S").alias("review"),
        value("Author", "S").alias("author"),
        pl.from_epoch(value("ReviewedAt", "N").cast(pl.Int64), time_unit="ms").alias("reviewedat"),
        value("Price", "N").cast(pl.Decimal(10, 2)).alias("price"),
        value("Tags", "SS").alias("tags"),
        details.alias("details"),
        value("Helpful", "BOOL").alias("helpful"),
    )
    .sink_parquet(target, compression="zstd")
)
