/** Gaps, for people. */

import { timeText } from "../../core/time-text.ts";
import type { Gap } from "../../index.ts";

export function gapSentence(table: string, gap: Gap): string {
  return `${table}: CHANGES WERE LOST: ${gap.detail}. Take a snapshot after ${timeText(gap.snapshotAfterSeconds)}.`;
}

/** A gap in JSON output, which leaves out what follows from it. */
export function gapJson({ snapshotAfterSeconds, ...gap }: Gap): Omit<Gap, "snapshotAfterSeconds"> {
  return gap;
}
