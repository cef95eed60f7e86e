/**
 * What one would write by hand for this one table: DuckDB reads the export with a typed JSON structure and writes Parquet.
 * It is neither exact nor checked (misfits become null or fail, checksums and duplicates are not looked at) and has no key
 * hash, no order and no manifest: the speed to be compared with.
 */
import { DuckDBInstance } from "@duckdb/node-api";

const [, , folder, target] = process.argv;
const text = "STRUCT(S VARCHAR)";
const number = "STRUCT(N VARCHAR)";
const details = `STRUCT(M STRUCT(publisher ${text}, pages ${number}, editions STRUCT(L STRUCT(M STRUCT("year" ${number}, format ${text}))[])))`;
const item = `STRUCT("User" ${text}, Book ${text}, Rating ${number}, Review ${text}, Author ${text}, ReviewedAt ${number}, Price ${number}, Tags STRUCT(SS VARCHAR[]), Details ${details}, Helpful STRUCT(BOOL BOOLEAN))`;

const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");
await connection.run("SET preserve_insertion_order = false");
await connection.run(`COPY (SELECT Item."User".S AS "user", Item.Book.S AS book, CAST(Item.Rating.N AS INTEGER) AS rating,
  Item.Review.S AS review, Item.Author.S AS author, epoch_ms(CAST(Item.ReviewedAt.N AS BIGINT)) AS reviewedat,
  CAST(Item.Price.N AS DECIMAL(10,2)) AS price, Item.Tags.SS AS tags,
  CASE WHEN Item.Details.M IS NOT NULL THEN struct_pack(publisher := Item.Details.M.publisher.S,
    pages := CAST(Item.Details.M.pages.N AS INTEGER), editions := list_transform(Item.Details.M.editions.L,
      lambda e: struct_pack("year" := CAST(e.M."year".N AS INTEGER), format := e.M.format.S))) END AS details,
  Item.Helpful.BOOL AS helpful
  FROM read_json('${folder}/AWSDynamoDB/*/data/*.json.gz', format = 'newline_delimited', columns = {Item: '${item}'}))
  TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
