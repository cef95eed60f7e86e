/** An event as Lambda gets it from the stream. */
import { modifyRecord, review } from "./stream-records.ts";

const ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Reviews/stream/2026-11-01T00:00:00.000";

/** Its text, with changes of items of so many bytes; their reviews have this ending. */
export function changeEvent(records: number, bytes: () => number, ending = ""): string {
  const Records = Array.from({ length: records }, (_, place) => {
    const sequenceNumber = String(100_000_000_000_000_000_000_000n + BigInt(place));
    const record = modifyRecord(review(bytes(), ending), { sequenceNumber, madeAtSeconds: 1_732_780_000 });
    return { ...record, eventSourceARN: ARN };
  });
  return JSON.stringify({ Records });
}
