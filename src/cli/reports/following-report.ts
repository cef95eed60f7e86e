/** How far a lake table follows its stream, and which run follows it, in words. */
import { counted, grouped } from "../../core/counted.ts";
import { timeText } from "../../core/time-text.ts";
import type { TableStatus } from "../../index.ts";

export function lagText({ stream, following }: Pick<TableStatus, "stream" | "following">): string {
  if (stream === undefined) return "never read; `dynalake run` follows it";
  const behind =
    stream.behindSeconds === undefined
      ? `read, never to its end; saved ${timeText(stream.savedAtSeconds)}`
      : `${grouped(stream.behindSeconds)} s behind (±1 s)`;
  const newest = following?.newest;
  if (newest === undefined) return behind;
  const after = `delivered ${grouped(newest.afterSeconds)} s after its write (±1 s)`;
  return `${behind}; newest change of ${timeText(newest.changedAtSeconds)}, ${after}`;
}

export function runText(following: TableStatus["following"]): string {
  if (following === undefined) return "never";
  const { state, process, host, startedAtSeconds, seenAtSeconds, waitingRecords } = following;
  const who = `process ${process} on ${host}`;
  switch (state) {
    case "running": {
      const waiting = waitingRecords === "unknown" ? "unknown" : counted(waitingRecords, "record");
      return `${who} since ${timeText(startedAtSeconds)}; fetched and not delivered: ${waiting}`;
    }
    case "ended":
      return `none; the last one (${who}) ended at ${timeText(seenAtSeconds)}`;
    case "lost":
      return `none seen; the last one (${who}) gave its last sign of life at ${timeText(seenAtSeconds)}`;
  }
}
