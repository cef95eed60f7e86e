/** Parquet holds every digit of a statement's numbers, wherever they stand, or is not written. */
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type DuckdbSession, openDuckdb } from "../../../src/embedded/duckdb/duckdb-session.ts";
import { copyParquet } from "../../../src/embedded/reading/parquet-result.ts";
import { withFolder } from "../../support/folders.ts";

const NINES = "9".repeat(38);
/** The engine adds up to 39 digits in a decimal of 38. */
const SUM = `(SELECT sum(x) FROM (VALUES (${NINES}::DECIMAL(38,0)), (1)) v(x))`;
const SUM_OF_CENTS = `(SELECT sum(x) FROM (VALUES (${NINES.slice(4)}.9999::DECIMAL(38,4)), (-0.9999), (1)) v(x))`;
const LARGE = "170141183460469231731687303715884105727::HUGEINT";

async function written(sql: string, use: (session: DuckdbSession, file: string) => Promise<void>) {
  await withFolder(async (temporaryFolder) => {
    const session = await openDuckdb({ threads: 1, memoryMegabytes: 256, temporaryFolder });
    try {
      const file = join(temporaryFolder, "r.parquet");
      await copyParquet(session, sql, { path: file, partitionBy: [] });
      await use(session, file);
    } finally {
      await session.close();
    }
  });
}

test.each([
  [`${NINES}::HUGEINT`, "DECIMAL(38,0)", NINES],
  [`(-${NINES})::HUGEINT`, "DECIMAL(38,0)", `-${NINES}`],
  [`${NINES}::UHUGEINT`, "DECIMAL(38,0)", NINES],
  [`[1, NULL]::HUGEINT[]`, "DECIMAL(38,0)[]", "[1, NULL]"],
  [`[1, 2]::UHUGEINT[2]`, "DECIMAL(38,0)[]", "[1, 2]"],
  [
    `{'hugeint': [{'a "b"': 1::HUGEINT}]}`,
    'STRUCT(hugeint STRUCT("a ""b""" DECIMAL(38,0))[])',
    `{'hugeint': [{'a "b"': 1}]}`,
  ],
  [`MAP {'a': ${NINES}::HUGEINT}`, "MAP(VARCHAR, DECIMAL(38,0))", `{a=${NINES}}`],
  [`MAP {1::HUGEINT: NULL::HUGEINT}`, "MAP(DECIMAL(38,0), DECIMAL(38,0))", "{1=NULL}"],
  [`row(1::HUGEINT, 'x')`, "STRUCT(v1 DECIMAL(38,0), v2 VARCHAR)", "{'v1': 1, 'v2': x}"],
  [`${NINES}::DECIMAL(38,0)`, "DECIMAL(38,0)", NINES],
  [`'-0.${NINES}'::DECIMAL(38,38)`, "DECIMAL(38,38)", `-.${NINES}`],
  [
    `[{'p': ${NINES.slice(2)}.99::DECIMAL(38,2)}]`,
    "STRUCT(p DECIMAL(38,2))[]",
    `[{'p': ${NINES.slice(2)}.99}]`,
  ],
  [`NULL::HUGEINT`, "DECIMAL(38,0)", null],
  [`NULL::STRUCT(a HUGEINT)`, "STRUCT(a DECIMAL(38,0))", null],
  [`'${NINES}00'::BIGNUM`, "VARCHAR", `${NINES}00`],
  [`1.5::DECIMAL(10,2)`, "DECIMAL(10,2)", "1.50"],
])("%s is of type %s", async (value, type, text) => {
  await written(`SELECT ${value} AS x`, async (session, file) => {
    expect(await session.rows(`SELECT typeof(x) AS type, CAST(x AS VARCHAR) AS text FROM '${file}'`)).toEqual(
      [{ type, text }],
    );
  });
});

test.each([
  SUM,
  SUM_OF_CENTS,
  `-${SUM}`,
  `[${SUM}]`,
  `[1, ${SUM}]`,
  `{'a': ${SUM}, 'b': 1}`,
  `[{'a': MAP {'k': [${SUM_OF_CENTS}]}}]`,
  `MAP {${SUM}: 1}`,
  `union_value(n := ${SUM})`,
  LARGE,
  `-(${LARGE})`,
  `[1, ${LARGE}]`,
  `(${NINES}::UHUGEINT + 1)`,
  `{'a': {'b': [340282366920938463463374607431768211455::UHUGEINT]}}`,
])("a number of 39 digits is refused: %s", async (value) => {
  await expect(written(`SELECT 1 AS id, ${value} AS "the x"`, async () => undefined)).rejects.toMatchObject({
    code: "SQL_FAILED",
    message: 'a number in column "the x" has more than 38 digits, which Parquet cannot hold',
    next: expect.stringContaining("VARCHAR"),
  });
});
