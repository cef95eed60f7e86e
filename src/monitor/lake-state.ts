/** What a lake's tables are like now: what metrics and findings are made from. */
import type { ConsolePlace, LakeFinding, QuarantineGroup } from "../console/api.ts";
import { findingsOf } from "../console/findings.ts";
import { quarantineReport } from "../console/quarantine-report.ts";
import { SharedAnswer } from "../console/shared-answer.ts";
import { openTables } from "../core/table/open-table.ts";
import { folderStore } from "../files/folder-store.ts";
import type { CommandLake } from "../library/folder-lake.ts";
import type { TableStatus } from "../library/reports.ts";

export interface LakeState {
  readonly statuses: readonly TableStatus[];
  /** In quarantine, by table and reason. */
  readonly held: readonly QuarantineGroup[];
  /** The worst first. */
  readonly findings: readonly LakeFinding[];
}

/** Reads it for all who ask about the same time, so that frequent questions do not keep the machine busy. */
export function lakeStates(
  lake: CommandLake,
  place: ConsolePlace,
  nowMs: () => number,
): SharedAnswer<LakeState> {
  const store = folderStore(lake.folder);
  return new SharedAnswer(async () => {
    const names = (await openTables(store)).map(({ schema }) => schema.table);
    const statuses: TableStatus[] = [];
    for (const name of names) statuses.push(await lake.table(name).status());
    const { groups: held } = await quarantineReport(store, place, names);
    return { statuses, held, findings: findingsOf(place, statuses, held) };
  }, nowMs);
}
