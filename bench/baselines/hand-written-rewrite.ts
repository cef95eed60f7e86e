/**
 * What one would write by hand to fold deltas into a base: one sorted file of the base without the deltas' keys, and of the newest
 * rows of the deltas. It counts nothing and commits nothing. Arguments: the base's files and the deltas', as JSON, and the target.
 */
import { dirname } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

const [, , base = "[]", deltas = "[]", target = ""] = process.argv;
const files = (json: string): string =>
  `read_parquet([${(JSON.parse(json) as readonly string[]).map((file) => `'${file}'`).join(", ")}])`;
const limits = { threads: "2", memory_limit: "2GB", temp_directory: dirname(target) };
const instance = await DuckDBInstance.create(":memory:", limits);
const connection = await instance.connect();
await connection.run(`COPY (
SELECT * FROM ${files(base)} WHERE _key NOT IN (SELECT _key FROM ${files(deltas)})
UNION ALL BY NAME
SELECT * FROM (SELECT * FROM ${files(deltas)} QUALIFY row_number() OVER (PARTITION BY _key ORDER BY _version DESC) = 1) WHERE _op <> 'REMOVE'
ORDER BY "user"
) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
