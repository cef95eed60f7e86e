/**
 * DuckDB finds out the structure of an export by itself, then takes each attribute out of DynamoDB's JSON and writes Parquet. As
 * little is checked as in the statement written by hand. Arguments: the folder of the export, and the file to write.
 */
import { DuckDBInstance } from "@duckdb/node-api";

const [, , folder, target] = process.argv;
const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");
await connection.run("SET preserve_insertion_order = false");
await connection.run(`COPY (SELECT Item."User".S AS "user", Item.Book.S AS book, CAST(Item.Rating.N AS INTEGER) AS rating,
  Item.Review.S AS review, Item.Author.S AS author, epoch_ms(CAST(Item.ReviewedAt.N AS BIGINT)) AS reviewedat,
  CAST(Item.Price.N AS DECIMAL(10,2)) AS price, Item.Tags.SS AS tags, Item.Details.M AS details, Item.Helpful.BOOL AS helpful
  FROM read_json_auto('${folder}/AWSDynamoDB/*/data/*.json.gz', format = 'newline_delimited'))
  TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
