/** Gaps, for people. */
import type { Gap } from "../../index.ts";
import { timeText } from "../options/time-option.ts";

export function gapSentence(table: string, gap: Gap): string {
  return `${table}: CHANGES WERE LOST: ${gap.detail}. Take a snapshot after ${timeText(gap.snapshotAfterSeconds)}.`;
}

/** A gap in JSON output, which leaves out what follows from it. */
export function gapJson({ snapshotAfterSeconds, ...gap }: Gap): Omit<Gap, "snapshotAfterSeconds"> {
  return gap;
}
