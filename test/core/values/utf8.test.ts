import { expect, test } from "@jest/globals";
import { utf8Bytes } from "../../../src/core/values/utf8.ts";
import * as fc from "../../support/fast-check.ts";

test("utf8Bytes counts what an encoder writes, for every text", () => {
  const unit = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0xd700, max: 0xe0ff }),
    fc.nat(0x900),
  );
  // A text that is longer than the room for counting is counted in pieces, which may end anywhere.
  const repeats = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.integer({ min: 5_000, max: 30_000 }));
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), repeats, (units, times) => {
      const text = String.fromCharCode(...units).repeat(times);
      expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
    }),
    { numRuns: 1200 },
  );
});
