/** Single characters, as units of strings. */
import fc from "fast-check";

const SURROGATES_FROM = 0xd800;
const SURROGATES = 0x800;
const CODE_POINTS = 0x110000;

/**
 * Any code point except the surrogates: the same texts as fast-check's unit "binary" gives, without the table of a million
 * characters that fast-check builds each time a test file is loaded, which takes more than half a second.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat(CODE_POINTS - SURROGATES - 1).map(
  (index) => String.fromCodePoint(index < SURROGATES_FROM ? index : index + SURROGATES),
  (character) => {
    const codePoint = typeof character === "string" ? (character.codePointAt(0) ?? -1) : -1;
    const isSurrogate = codePoint >= SURROGATES_FROM && codePoint < SURROGATES_FROM + SURROGATES;
    if (codePoint < 0 || isSurrogate || character !== String.fromCodePoint(codePoint))
      throw new Error("not a single character");
    return codePoint < SURROGATES_FROM ? codePoint : codePoint - SURROGATES;
  },
);
