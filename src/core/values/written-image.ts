/**
 * An image of a record as the service wrote it: JSON in UTF-8 that is parsed when somebody asks what it says. Most images never
 * are: no one needs the old one of an item that was written, and a wire row is made of the bytes of the new one.
 */

const decoder = new TextDecoder();

export class WrittenImage {
  /** Where the image stands in `bytes`, */
  readonly from: number;
  /** and before which place it ends. */
  readonly to: number;
  readonly bytes: Uint8Array;
  #parsed: unknown;

  /** The bytes are valid UTF-8. */
  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }

  /** Once for all who ask: several lake tables may have one source. */
  parsed(): unknown {
    this.#parsed ??= JSON.parse(decoder.decode(this.bytes.subarray(this.from, this.to)));
    return this.#parsed;
  }

  /** A record's JSON is the same whether its images were parsed or not. */
  toJSON(): unknown {
    return this.parsed();
  }
}
