// The globals that src/core may use besides those of the language: pure, and the same in every runtime. See tsconfig.core.json.
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  constructor(label?: "utf-8", options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}
declare function atob(base64: string): string;
declare function btoa(binary: string): string;
declare function structuredClone<T>(value: T): T;

/** For src/core/values/hash.ts alone: the linter and test/core/purity.test.ts hold the core to that. */
declare module "node:crypto" {
  export function hash(algorithm: "sha256", input: Uint8Array | string, digits: "hex"): string;
  export function createHmac(
    algorithm: "sha256",
    key: Uint8Array,
  ): { update(text: string): { digest(digits: "hex"): string } };
}
