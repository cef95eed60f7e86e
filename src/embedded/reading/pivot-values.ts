/**
 * PIVOT without its values is two statements for the engine, of which it shows no syntax tree: one finds the values, the other
 * pivots by them. With a value in its place the syntax tree has everything else that the statement reads.
 */
import { isWord, statementTokens, type Token } from "../../core/sql/statement-tokens.ts";

/** Texts that these tokens do not understand: they could end in another place for the engine. */
const OTHER_TEXTS = /\$|\be'/i;

/** The statement with a value for each PIVOT that has none, to be judged but not run; undefined where there is none. */
export function withPivotValues(sql: string): string | undefined {
  if (OTHER_TEXTS.test(sql)) return undefined;
  const tokens = statementTokens(sql);
  const ends = new Set<number>();
  for (const [i, token] of tokens.entries())
    if (isWord(token, "PIVOT", "PIVOT_WIDER")) for (const end of endsWithoutValues(tokens, i)) ends.add(end);
  if (ends.size === 0) return undefined;
  let text = "";
  let from = 0;
  for (const end of [...ends].sort((a, b) => a - b)) {
    text += `${sql.slice(from, end)} IN ('')`;
    from = end;
  }
  return text + sql.slice(from);
}

/** Where the expressions end, after the ON of the PIVOT at `pivot`, that have no IN. */
function endsWithoutValues(tokens: readonly Token[], pivot: number): readonly number[] {
  const ends: number[] = [];
  let [depth, isOn, hasValues, end] = [0, false, false, 0];
  const close = (): void => {
    if (isOn && !hasValues && end > 0) ends.push(end);
    [hasValues, end] = [false, 0];
  };
  for (const token of tokens.slice(pivot + 1)) {
    if (token.text === ")" && depth === 0) break;
    if (depth === 0 && (isWord(token, "USING", "GROUP", "ORDER", "LIMIT") || token.text === ";")) break;
    if (depth === 0 && token.text === "," && token.kind === "mark") close();
    else if (depth === 0 && isWord(token, "ON")) isOn = true;
    else {
      if (depth === 0 && isWord(token, "IN")) hasValues = true;
      if (token.kind === "mark" && token.text === "(") depth++;
      if (token.kind === "mark" && token.text === ")") depth--;
      end = token.to;
    }
  }
  close();
  return ends;
}
