/** A partition of the doctor's own table, in a folder whose name begins with "_": what Hive takes for hidden. */
import { randomUUID } from "node:crypto";
import { glueTable, segmentsTableName } from "../../aws/athena-relations.ts";
import type { AwsLake } from "../../aws/aws-lake.ts";
import { unloadRowsTo } from "../../aws/unload.ts";
import { DOCTOR_FOLDER, DOCTOR_TABLE } from "../../core/doctor/doctor-items.ts";
import { literal } from "../../core/ports/dialect.ts";
import { thenRemoved } from "./then-removed.ts";

/** Registers such a partition with one row, and answers how many rows a statement finds. Both are removed. */
export function rowsOfHiddenFolder({
  bucket,
  engine,
  store,
}: Pick<AwsLake, "bucket" | "engine" | "store">): Promise<number> {
  const value = `doctor-${randomUUID()}`;
  const folder = `${DOCTOR_FOLDER}${value}/_hidden/`;
  const location = `s3://${bucket}/${folder}`;
  const table = segmentsTableName(DOCTOR_TABLE);
  return thenRemoved(async () => {
    await engine.statements.run(unloadRowsTo(location, "SELECT 'doctor' AS id"));
    await engine.catalog.createPartitions(table, [{ value, location }]);
    const counting = `SELECT count(*) AS rows FROM ${glueTable(engine.catalog.database, table)} WHERE _segment = ${literal(value)}`;
    const [row] = await engine.rows(counting);
    return Number(row?.rows);
  }, [
    () => engine.catalog.deletePartitions(table, [value]),
    async () => store.remove((await store.list(folder)).map(({ path }) => path)),
  ]);
}
