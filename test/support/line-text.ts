/** A wire line as text. */
import type { WireLine } from "../../src/core/row/wire-line.ts";

export function lineText({ content }: Pick<WireLine, "content">): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
}
