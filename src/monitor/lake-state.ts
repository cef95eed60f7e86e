/** What a lake's tables are like now: what metrics and findings are made from. */
import type { ConsolePlace, LakeFinding } from "../console/api.ts";
import { findingsOf } from "../console/findings.ts";
import { quarantineReport } from "../console/quarantine-report.ts";
import { SharedAnswer } from "../console/shared-answer.ts";
import { openTables } from "../core/table/open-table.ts";
import { folderStore } from "../files/folder-store.ts";
import type { CommandLake } from "../library/folder-lake.ts";
import type { TableStatus } from "../library/reports.ts";

/** Each is read once for all who ask about the same time, so that frequent questions do not keep the machine busy. */
export interface LakeState {
  readonly statuses: SharedAnswer<readonly TableStatus[]>;
  /** The worst first. They also need the records in quarantine, which metrics do without. */
  readonly findings: SharedAnswer<readonly LakeFinding[]>;
}

export function lakeState(lake: CommandLake, place: ConsolePlace, nowMs: () => number): LakeState {
  const store = folderStore(lake.folder);
  const statuses = new SharedAnswer(async () => {
    const read: TableStatus[] = [];
    for (const { schema } of await openTables(store)) read.push(await lake.table(schema.table).status());
    return read;
  }, nowMs);
  const findings = new SharedAnswer(async () => {
    const known = await statuses.get();
    const tables = known.map(({ table }) => ({ table, store }));
    const { groups } = await quarantineReport(place, tables);
    return findingsOf(place, known, groups);
  }, nowMs);
  return { statuses, findings };
}
