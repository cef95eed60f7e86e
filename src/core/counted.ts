/** Counts as messages show them. */

/** A count with its noun: "1 item", "2 items", "1,200 items". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;
}
