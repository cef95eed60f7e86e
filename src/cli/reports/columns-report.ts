/** Columns that a schema file has added, for people. */
export function addedSentence(table: string, added: readonly string[]): string {
  const names = added.map((name) => `"${name}"`).join(", ");
  const columns = added.length === 1 ? "a new column" : "new columns";
  return `"${table}" has ${columns}: ${names}. Earlier values come from _unmapped`;
}
