/**
 * Lines in UTF-8, one after the other in large pieces of memory. Short texts of a line are joined and encoded at once; a long
 * one is encoded where it belongs, since joining would copy it first.
 */
import { isPlainInJson, jsonString } from "../values/json-string.ts";

const PIECE_BYTES = 256 * 1024;
const JOINED_CHARACTERS_MAX = 80;
/** No character of a JavaScript string takes more in UTF-8. */
const BYTES_OF_CHARACTER_MAX = 3;

const encoder = new TextEncoder();

/** Writes one line at a time. Pieces that are full are left to the lines in them. */
export class LineArena {
  #piece = new Uint8Array(PIECE_BYTES);
  /** Where the line begins, */
  #start = 0;
  /** and up to where it is encoded. */
  #end = 0;
  /** What follows that. */
  #joined = "";

  add(text: string): void {
    this.#joined += text;
  }

  /** Adds the text as a JSON string. */
  addString(text: string): void {
    if (text.length <= JOINED_CHARACTERS_MAX) {
      this.#joined += jsonString(text);
    } else if (isPlainInJson(text)) {
      this.#encode(`${this.#joined}"`);
      this.#encode(text);
      this.#joined = '"';
    } else {
      this.#encode(this.#joined);
      this.#encode(JSON.stringify(text));
      this.#joined = "";
    }
  }

  /** Adds what is in UTF-8 already. */
  addBytes(bytes: Uint8Array): void {
    if (this.#joined !== "") this.#encode(this.#joined);
    this.#joined = "";
    if (this.#piece.length - this.#end < bytes.length) this.#moveToNewPiece(bytes.length);
    this.#piece.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Ends the line. */
  line(): Uint8Array {
    this.#encode(this.#joined);
    const line = this.#piece.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#joined = "";
    return line;
  }

  #encode(text: string): void {
    let { read, written } = encoder.encodeInto(text, this.#piece.subarray(this.#end));
    // breakage: line-moves-to-new-piece
    if (read < text.length) {
      this.#moveToNewPiece(text.length * BYTES_OF_CHARACTER_MAX);
      ({ written } = encoder.encodeInto(text, this.#piece.subarray(this.#end)));
    }
    this.#end += written;
  }

  #moveToNewPiece(bytesToCome: number): void {
    const begun = this.#piece.subarray(this.#start, this.#end);
    this.#piece = new Uint8Array(Math.max(PIECE_BYTES, begun.length + bytesToCome));
    this.#piece.set(begun);
    this.#start = 0;
    this.#end = begun.length;
  }
}
