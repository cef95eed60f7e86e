/** What the documents show as printed is printed: their consoles are run as their readers would. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { comparable } from "../../scripts/docs-consoles/console-blocks.ts";
import { documentsWithConsoles } from "../../scripts/docs-consoles/documents.ts";
import { runConsoles } from "../../scripts/docs-consoles/run-consoles.ts";

const root = join(import.meta.dirname, "..", "..");

test.each(documentsWithConsoles())(
  "%s",
  async (document) => {
    const text = readFileSync(join(root, document), "utf8");
    expect(comparable(await runConsoles(text))).toBe(comparable(text));
  },
  600_000,
);
