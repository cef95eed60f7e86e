/** What a restore refuses before it begins, with what to do instead. */
import { expect, test } from "@jest/globals";
import { requireSameKey } from "../../../src/embedded/restoring/restore-plan.ts";

test("a table with another key is refused with both keys and a way on", () => {
  const opened = { schema: { table: "orders", key: { hash: "PK", range: "SK" } } };
  const target = { design: { key: [{ name: "id" }] } };
  const refused = () =>
    requireSameKey(
      opened as unknown as Parameters<typeof requireSameKey>[0],
      "Mine",
      target as unknown as Parameters<typeof requireSameKey>[2],
    );
  expect(refused).toThrow('the key of table "Mine" is id; that of "orders" is PK and SK');
  expect(refused).toThrow(expect.objectContaining({ next: expect.stringContaining("--to") }));
});
