/** Looking through what is held takes a while where there is much of it: it can be stopped. */
import { expect, test } from "@jest/globals";
import { addQuarantined, HeldChanges } from "../../../src/core/delivery/held-changes.ts";

import { MemoryStore } from "../../support/memory-store.ts";

const line = (id: string) => {
  const dynamodb = { Keys: { id: { S: id } }, SequenceNumber: "7" };
  return new TextEncoder().encode(
    `${JSON.stringify({ quarantine: 1, raw: JSON.stringify({ dynamodb }) })}\n`,
  );
};

test("quarantine is read many objects at once, and no longer than is wanted", async () => {
  const store = new MemoryStore();
  for (let i = 0; i < 80; i++) await store.create(`t/quarantine/not-a-change/${i}.jsonl`, line(`${i}`));
  const all = new HeldChanges({ hash: "id" });
  const replayed = new Set(["t/quarantine/not-a-change/3.jsonl"]);
  await addQuarantined(all, { store, table: "t" }, replayed, () => undefined);
  expect(all.size).toBe(79);
  const some = new HeldChanges({ hash: "id" });
  let batches = 0;
  const stopped = addQuarantined(some, { store, table: "t" }, new Set(), () => {
    if (++batches === 2) throw new Error("stopped");
  });
  await expect(stopped).rejects.toThrow("stopped");
  expect(some.size).toBe(32);
});
