/** A partition of the doctor's own table, in a folder whose name begins with "_": what Hive takes for hidden. */
import { randomUUID } from "node:crypto";
import { glueTable, segmentsTableName } from "../../aws/athena-relations.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { DOCTOR_FOLDER, DOCTOR_TABLE } from "../../core/doctor/doctor-items.ts";
import { literal } from "../../core/ports/dialect.ts";

/** Registers such a partition with one row, and answers how many rows a statement finds. Both are removed. */
export async function rowsOfHiddenFolder({ bucket, engine, store }: AwsLake): Promise<number> {
  const value = `doctor-${randomUUID()}`;
  const folder = `${DOCTOR_FOLDER}${value}/_hidden/`;
  const location = `s3://${bucket}/${folder}`;
  const table = segmentsTableName(DOCTOR_TABLE);
  try {
    await engine.statements.run(
      `UNLOAD (SELECT 'doctor' AS id) TO ${literal(location)} WITH (format = 'PARQUET')`,
    );
    await engine.catalog.createPartitions(table, [{ value, location }]);
    const counting = `SELECT count(*) AS rows FROM ${glueTable(engine.catalog.database, table)} WHERE _segment = ${literal(value)}`;
    const [row] = await engine.rows(counting);
    return Number(row?.rows);
  } finally {
    await engine.catalog.deletePartitions(table, [value]);
    await store.remove((await store.list(folder)).map(({ path }) => path));
  }
}
