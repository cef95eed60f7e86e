/** A query on a lake in a folder, handed on as plain JSON values. */
import { openLakeFolder } from "../embedded/folder/lake-folder.ts";
import { type QueryRequest, startQuery } from "../embedded/reading/query.ts";
import { isExactNumber, printedCell } from "./printed-cell.ts";
import type { ResultColumn, ResultRow } from "./result-format.ts";

export interface QueryConsumer {
  readonly begin: (columns: readonly ResultColumn[]) => Promise<void>;
  readonly rows: (rows: readonly ResultRow[]) => Promise<void>;
}

export async function runQuery(
  folder: string,
  request: Omit<QueryRequest, "numbers">,
  consumer: QueryConsumer,
): Promise<void> {
  const lake = await openLakeFolder(folder);
  try {
    const { columns, rows } = await startQuery(lake, { ...request, numbers: "string" });
    await consumer.begin(
      columns.map((column) => ({ name: column.name, exactNumber: isExactNumber(column) })),
    );
    for await (const batch of rows) await consumer.rows(batch.map((row) => row.map(printedCell)));
  } finally {
    await lake.close();
  }
}
