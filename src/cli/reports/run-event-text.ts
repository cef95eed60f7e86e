/** What happens during a run, in a sentence each. */
import { counted } from "../../core/counted.ts";
import type { LakeEvent } from "../../index.ts";
import { addedSentence, widenedSentence } from "./columns-report.ts";
import { gapSentence } from "./gap-report.ts";

export type NotedEvent = Exclude<LakeEvent, { readonly kind: "progress" | "delivered" | "snapshot-taken" }>;

export function runEventText(event: NotedEvent): string {
  const { table } = event;
  switch (event.kind) {
    case "opened": {
      const from = event.resumed ? "from where the last run left it" : "from its beginning";
      return `${table}: following the stream ${from}`;
    }
    case "quarantined": {
      const { records, reasons } = event;
      return `${table}: ${counted(records, "record")} put into quarantine: ${reasons.join(", ")}`;
    }
    case "gap":
      return gapSentence(table, event.gap);
    case "not-followed": {
      const { code, message, next } = event.error;
      return `${table}: NOT FOLLOWED, tried again in a minute: ${code}: ${message}\n  -> ${next}`;
    }
    case "columns-added":
      return addedSentence(table, event.columns);
    case "types-widened":
      return widenedSentence(table, event.columns);
    case "schema-edited":
      return event.text;
    case "compacted":
      return `${table}: ${event.compaction} compaction wrote ${counted(event.rows, "row")}`;
    case "snapshot-failed": {
      const { code, message } = event.error;
      return `${table}: A SNAPSHOT FAILED and is tried again in a minute: ${code}: ${message}`;
    }
    case "compaction-failed": {
      const { code, message } = event.error;
      return `${table}: a compaction failed and is tried again: ${code}: ${message}`;
    }
    case "snapshot-begun":
      return `The lake does not have "${table}" yet: taking its first snapshot`;
  }
}
