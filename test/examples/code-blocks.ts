/** The TypeScript in documents and in doc comments: everything between ```ts and ```. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./built-package.ts";

export interface CodeBlock {
  /** The file with the block, from the root. */
  readonly file: string;
  /** The line of the file with the block's first line, from 1. */
  readonly line: number;
  readonly code: string;
}

/** In a doc comment, each line begins with what the first one begins with. */
const BLOCK = /^([ \t]*(?:\* )?)```ts\n([\s\S]*?)^\1```$/gm;

export function codeBlocksOf(file: string, text: string): readonly CodeBlock[] {
  return [...text.matchAll(BLOCK)].map(({ index, 1: margin = "", 2: body = "" }) => ({
    file,
    line: text.slice(0, index).split("\n").length + 1,
    code: body
      .split("\n")
      .map((line) => line.slice(margin.length))
      .join("\n"),
  }));
}

/** Those of all files below a folder, or of one file, whose names end so. */
export function codeBlocksIn(place: string, ending: string): readonly CodeBlock[] {
  const files = place.endsWith(ending)
    ? [place]
    : readdirSync(join(root, place), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(ending))
        .map((name) => `${place}/${name.replaceAll("\\", "/")}`);
  return files.flatMap((file) => codeBlocksOf(file, readFileSync(join(root, file), "utf8")));
}
