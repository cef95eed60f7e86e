/** How the files of an export are read, and the services' limits on that. */
import { Duration } from "aws-cdk-lib";
import { PARTS_AT_ONCE } from "../src/aws/contracts/machines.ts";
import { within } from "./delivery-options.ts";

export interface SnapshotPartOptions {
  /**
   * Files of an export that are read at the same time, each by a function: 1 to 1,000. At most three snapshots that start by
   * themselves run at the same time. Default: 30.
   */
  readonly atOnce?: number;
  /** The memory of these functions; the share of a processor grows with it: 512 to 10,240. Default: 1,769, one processor. */
  readonly memoryMebibytes?: number;
  /** How long a file may take: 1 to 15 minutes. Default: 15 minutes. */
  readonly timeLimit?: Duration;
}

type Checked = { readonly [K in keyof SnapshotPartOptions]-?: NonNullable<SnapshotPartOptions[K]> };

/** So much memory gives one whole processor (AWS: Lambda developer guide, "Configure function memory"). */
const ONE_PROCESSOR_MEBIBYTES = 1769;

export function checkedParts(options: SnapshotPartOptions): Checked {
  const {
    atOnce = PARTS_AT_ONCE,
    memoryMebibytes = ONE_PROCESSOR_MEBIBYTES,
    timeLimit = Duration.minutes(15),
  } = options;
  within("snapshotParts.atOnce", atOnce, 1, 1000);
  within("snapshotParts.memoryMebibytes", memoryMebibytes, 512, 10_240);
  within("snapshotParts.timeLimit", timeLimit.toSeconds(), 60, 900, "seconds");
  return { atOnce, memoryMebibytes, timeLimit };
}
