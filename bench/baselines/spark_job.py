"""Spark reads an export, infers its schema, takes each attribute out of DynamoDB's JSON and writes Parquet.

Arguments: the folder of the export, and the folder to write. Nothing is checked, and numbers become what their column says.
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, timestamp_millis

folder, target = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.driver.memory", "4g")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.parquet.compression.codec", "zstd")
    .getOrCreate()
)
exported = spark.read.json(f"{folder}/AWSDynamoDB/*/data/*.json.gz")
exported.select(
    col("Item.User.S").alias("user"),
    col("Item.Book.S").alias("book"),
    col("Item.Rating.N").cast("int").alias("rating"),
    col("Item.Review.S").alias("review"),
    col("Item.Author.S").alias("author"),
    timestamp_millis(col("Item.ReviewedAt.N").cast("long")).alias("reviewedat"),
    col("Item.Price.N").cast("decimal(10,2)").alias("price"),
    col("Item.Tags.SS").alias("tags"),
    col("Item.Details.M").alias("details"),
    col("Item.Helpful.BOOL").alias("helpful"),
).write.mode("overwrite").parquet(target)
spark.stop()
