/** The JSON values that a text holds: JSON lines, or values behind each other, as Firehose leaves records without line breaks. */
import { endOfDocument, skipSpace } from "./json-slices.ts";

export interface JsonDocument {
  /** As it is written. */
  readonly text: string;
  readonly value: unknown;
}

/** The message names the line, and quotes nothing of it. */
export class NotJson extends Error {}

/** One value after the other, each in a line of its own or not; throws NotJson. */
export function* jsonDocuments(text: string): Generator<JsonDocument> {
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; at = skipSpace(text, at)) {
    const lineFeed = text.indexOf("\n", at);
    const lineEnd = lineFeed === -1 ? text.length : lineFeed;
    const line = parsed(text.slice(at, lineEnd).trim());
    if (line !== undefined) yield line;
    if (line !== undefined || text.slice(at, lineEnd).trim() === "") at = lineEnd;
    while (at < lineEnd) {
      const end = endOfDocument(text, at);
      const document = parsed(text.slice(at, end));
      if (document === undefined)
        throw new NotJson(`line ${text.slice(0, at).split("\n").length} is not JSON`);
      yield document;
      at = skipSpace(text, end);
    }
  }
}

function parsed(text: string): JsonDocument | undefined {
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
