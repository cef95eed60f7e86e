/** The files of the page, which the build leaves in dist/ui. They are read once: no request ever becomes a path. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { DynalakeError } from "../core/error.ts";

export interface PageFile {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** From a bundle in dist, and from the sources. */
const PLACES = ["../ui/", "../../dist/ui/"];

/** By their names. Throws INTERNAL if the page was not built. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const folder = PLACES.map((place) => new URL(place, import.meta.url)).find((url) =>
    existsSync(new URL("index.html", url)),
  );
  if (folder === undefined) throw notBuilt();
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type !== undefined)
      files.set(name, { content: new Uint8Array(readFileSync(new URL(name, folder))), type });
  }
  return files;
}

function notBuilt(): DynalakeError {
  return new DynalakeError("INTERNAL", "the page of the console is missing from this installation", {
    next: "In a clone run `npm run build`; otherwise install dynalake again.",
  });
}
