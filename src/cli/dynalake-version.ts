/** The version of this package. */
import { readFileSync } from "node:fs";

/** From package.json, which is as far from this file as from its bundle. */
export function dynalakeVersion(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
}
