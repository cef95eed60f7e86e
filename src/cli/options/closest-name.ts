/** What a misspelt name may have been meant for. Pure. */

/** Names of up to so many characters may have one mistake, longer ones two. */
const ONE_MISTAKE_MAX = 7;
/** So many characters stand for the only name that begins with them. */
const BEGINNING_MIN = 3;

/** Undefined where none is close, or several are. */
export function closestName(given: string, names: readonly string[]): string | undefined {
  const begun = given.length < BEGINNING_MIN ? [] : names.filter((name) => name.startsWith(given));
  if (begun.length === 1) return begun[0];
  // breakage: no-false-friends
  const mistakesMax = given.length <= ONE_MISTAKE_MAX ? 1 : 2;
  const close = names.filter((name) => mistakes(given, name) <= mistakesMax);
  return close.length === 1 ? close[0] : undefined;
}

/** How many characters are wrong, missing, too many, or exchanged with their neighbor. */
function mistakes(a: string, b: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isExchanged) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
