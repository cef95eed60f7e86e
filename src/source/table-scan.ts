/** Scans a source table into a full export, the one form in which snapshots are read. */
import { systemTiming, type Timing } from "../sdk/timing.ts";
import { describeSource } from "./describe-source.ts";
import { type ExportLane, ExportWriter } from "./export-writer.ts";
import { type ScanLane, type ScanRequest, TableScan } from "./scan-pages.ts";
import type { SourceConnection } from "./source-connection.ts";

export interface TableScanRequest extends ScanRequest {
  /** The folder in which `AWSDynamoDB/<ExportId>/` is written; created if needed. */
  readonly folder: string;
}

export interface TableScanResult {
  /** `<folder>/AWSDynamoDB/<ExportId>`. */
  readonly exportFolder: string;
  readonly items: number;
  /** When the scan began, in whole seconds since the epoch: it may or may not contain a change made from then on. */
  readonly exportTimeSeconds: number;
}

/**
 * Reads the whole table and writes it as a full export in DYNAMODB_JSON. Fails with TABLE_NOT_FOUND, CREDENTIALS,
 * UNREACHABLE, THROTTLED, SOURCE_FAILED, DISK_FULL or STORE_FAILED, and with INCOMPLETE at its time limit or when the signal
 * is aborted. A failed scan removes what it has written.
 */
export async function scanTable(
  connection: Pick<SourceConnection, "tables" | "place" | "clockOffsetMs">,
  request: TableScanRequest,
  timing: Timing = systemTiming,
): Promise<TableScanResult> {
  const source = await describeSource(connection, request.table);
  const scan = new TableScan(connection, source, request, timing);
  // Changes carry the service's clock. If this machine's clock is ahead, changes that the scan missed would count as older
  // than the scan. An export time that is too early costs nothing.
  const exportTimeMs = Math.floor((scan.beganMs + Math.min(0, connection.clockOffsetMs())) / 1_000) * 1_000;
  const writer = new ExportWriter(request.folder, source, exportTimeMs);
  try {
    await writer.begin();
    await scan.run(() => exportLane(writer.lane()));
    const { items } = await writer.finish(timing.nowMs());
    return { exportFolder: writer.exportFolder, items, exportTimeSeconds: exportTimeMs / 1_000 };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function exportLane(lane: ExportLane): ScanLane {
  return {
    write: async (items) => {
      const lines = items.map((item) => `${JSON.stringify({ Item: item })}\n`).join("");
      await lane.write(lines, items.length);
      return Buffer.byteLength(lines);
    },
    close: () => lane.close(),
  };
}
