import { duckdb } from "../../../src/core/sql/duckdb.ts";
import { openDuckdb } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { registerDialectTests } from "../../conformance/dialect.ts";
import { registerNumberTextTests } from "../../conformance/number-text.ts";
import { type RecoveryEngine, registerRecoveryTests } from "../../conformance/recovery.ts";
import { withFolder } from "../../support/folders.ts";

const RUNS = 40;

const withDuckdb = (use: (engine: RecoveryEngine) => Promise<void>): Promise<void> =>
  withFolder(async (temporaryFolder) => {
    const session = await openDuckdb({ threads: 1, memoryMegabytes: 300, temporaryFolder });
    try {
      await use({ dialect: duckdb, rows: (sql: string) => session.rows(sql) });
    } finally {
      await session.close();
    }
  });

registerDialectTests("DuckDB", withDuckdb, RUNS);
registerRecoveryTests("DuckDB", withDuckdb, RUNS);
registerNumberTextTests("in DuckDB", withDuckdb);
