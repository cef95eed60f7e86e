/** The tokens of a statement that a person wrote: just enough of SQL to know where names and words stand in it. */

export interface Token {
  readonly kind: "word" | "quoted" | "text" | "mark";
  /** A word in upper case, a quoted name without its quotes, anything else as written. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Comments, texts, quoted names, words and numbers, and single characters. Unterminated ones are tokens too. */
const TOKEN =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^']|'')*(?:'|$))|"((?:[^"]|"")*)(?:"|$)|([\p{L}\p{N}_$@]+)|(\S)/gu;

/** Without comments. */
export function statementTokens(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(TOKEN)) {
    const [whole, comment, text, name, word, mark] = match;
    if (comment !== undefined) continue;
    const place = { from: match.index, to: match.index + whole.length };
    if (text !== undefined) tokens.push({ kind: "text", text, ...place });
    else if (word !== undefined) tokens.push({ kind: "word", text: word.toUpperCase(), ...place });
    else if (mark !== undefined) tokens.push({ kind: "mark", text: mark, ...place });
    else tokens.push({ kind: "quoted", text: (name ?? "").replaceAll('""', '"'), ...place });
  }
  return tokens;
}

/** Whether the token is one of the words, which are in upper case. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(token.text);
}
