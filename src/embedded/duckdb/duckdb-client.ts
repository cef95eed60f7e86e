/**
 * DuckDB's client. It is a CommonJS package: an import would have Node.js search each of its files for the names that it exports
 * before it loads them, which takes a third of the time of a small query. Its types are imported from the package.
 */
import { createRequire } from "node:module";
import type * as client from "@duckdb/node-api";
import type * as accessors from "@duckdb/node-api/lib/vectors/dataAccessors.js";

const require = createRequire(import.meta.url);

export const duckdbClient: typeof client = require("@duckdb/node-api");
export const dataAccessors: typeof accessors = require("@duckdb/node-api/lib/vectors/dataAccessors.js");
