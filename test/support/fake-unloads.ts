/** Athena and S3 for statements that unload rows: each writes the same Parquet file to the address that it names. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import type { FakeAnswer } from "../aws-adapters/fake-aws.ts";
import type { CloudRequest } from "./fake-cloud.ts";
import { STACK_ANSWER, writableBucketAnswer } from "./fake-stack.ts";
import { withFolder } from "./folders.ts";

export interface FakeUnloads {
  /** What the lake's bucket holds besides; text. */
  keys: Map<string, string>;
  /** What the next statements write; undefined: no file, as for no rows. */
  rows: Uint8Array | undefined;
  /** All statements so far. */
  readonly statements: readonly string[];
  /** What statements have written and nobody has removed yet, by keys. */
  readonly left: ReadonlyMap<string, Uint8Array>;
  answer(request: CloudRequest): FakeAnswer | undefined;
}

export function fakeUnloads(): FakeUnloads {
  const statements: string[] = [];
  const left = new Map<string, Uint8Array>();
  const athena: Readonly<Record<string, object>> = {
    GetQueryExecution: { QueryExecution: { Status: { State: "SUCCEEDED" }, StatementType: "DML" } },
    StopQueryExecution: {},
  };
  const fake: FakeUnloads = {
    keys: new Map(),
    rows: undefined,
    statements,
    left,
    answer: (request) => {
      const { operation, input, method, path } = request;
      if (operation === "DescribeStacks") return STACK_ANSWER;
      if (operation === "StartQueryExecution") {
        const sql = String(input?.QueryString);
        statements.push(sql);
        const [, prefix = ""] = /\nTO 's3:\/\/bucket\/([^']+)'/.exec(sql) ?? [];
        if (fake.rows !== undefined) left.set(`${prefix}20261123_010203_00001_abcde_1`, fake.rows);
        return { body: { QueryExecutionId: "q" } };
      }
      const answer = athena[operation];
      if (answer !== undefined) return { body: answer };
      if (operation !== "") return undefined;
      const { pathname } = new URL(path, "http://bucket");
      const file = left.get(decodeURIComponent(pathname.slice("/bucket/".length)));
      if (method === "GET" && file !== undefined) return { body: file };
      const all = new Map([...fake.keys, ...[...left.keys()].map((key) => [key, "parquet"] as const)]);
      const answered = writableBucketAnswer(request, all);
      for (const key of left.keys()) if (!all.has(key)) left.delete(key);
      return answered;
    },
  };
  return fake;
}

/** The rows of a statement of DuckDB, as a Parquet file. */
export function parquetOf(sql: string): Promise<Uint8Array> {
  return withFolder(async (folder) => {
    const session = await openDuckdb({ threads: 1, memoryMegabytes: 300, temporaryFolder: folder });
    try {
      const file = join(folder, "rows.parquet");
      await session.run(`COPY (${sql}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
      return await readFile(file);
    } finally {
      await session.close();
    }
  });
}
