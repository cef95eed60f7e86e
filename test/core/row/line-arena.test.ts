import { expect, test } from "@jest/globals";
import { LineArena } from "../../../src/core/row/line-arena.ts";
import { allEffort } from "../../support/effort.ts";
import * as fc from "../../support/fast-check.ts";
import { lineText } from "../../support/line-text.ts";

const unit = fc.constantFrom("a", "é", "漢", "😀", '"', "\\", "\u0000", "\ud800", "\u007f", "\u2028");
const text = fc.oneof(
  fc.string({ unit, maxLength: 12 }),
  fc
    .tuple(fc.string({ unit, minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 60_000 }))
    .map(([some, times]) => some.repeat(times)),
);
/** What a line is made of: names are added as they are, texts as JSON strings. */
const line = fc.array(fc.tuple(fc.constantFrom("", '"name":', "é"), text), { maxLength: 5 });

test("lines hold what was added, whatever comes after them", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const arena = new LineArena();
      const written = lines.map((parts) => {
        for (const [name, value] of parts) {
          arena.add(name);
          arena.addString(value);
        }
        return { content: arena.line() };
      });
      const wanted = lines.map((parts) =>
        parts.map(([name, value]) => name + JSON.stringify(value)).join(""),
      );
      expect(written.map(lineText).join("\n") === wanted.join("\n")).toBe(true);
    }),
    { numRuns: allEffort ? 400 : 40 },
  );
});

test("a line that does not fit into the piece at hand is whole in the next one", () => {
  const arena = new LineArena();
  const texts = Array.from({ length: 2_000 }, (_, i) => `${i}:${"漢a".repeat(i % 500)}`);
  const lines = texts.map((each) => {
    arena.add(each);
    arena.addString(each);
    return { content: arena.line() };
  });
  expect(lines.map(lineText)).toEqual(texts.map((each) => each + JSON.stringify(each)));
});
