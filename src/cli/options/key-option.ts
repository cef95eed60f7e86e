/** Keys on the command line. */
import { DynalakeError } from "../../core/error.ts";
import type { TableKey } from "../../index.ts";

/** HASH or HASH,RANGE. Throws USAGE. */
export function parseKeyOption(text: string | undefined): TableKey | undefined {
  if (text === undefined) return undefined;
  const [hash = "", range, ...more] = text.split(",");
  if (hash === "" || range === "" || more.length > 0) {
    throw new DynalakeError("USAGE", `--key is HASH or HASH,RANGE, not "${text}"`, {
      next: "A key attribute whose name holds a comma can be given in a schema file.",
    });
  }
  return range === undefined ? { hash } : { hash, range };
}
