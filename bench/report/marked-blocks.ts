/** Parts of a Markdown text that a program writes, between two comments; everything else is written by people. */

/** Replaces what is between the comments of this block. */
export function withBlock(markdown: string, name: string, content: string): string {
  const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- end of bench: ${name} -->`];
  const from = markdown.indexOf(begin);
  const to = markdown.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`the text has no block between "${begin}" and "${end}"`);
  return `${markdown.slice(0, from + begin.length)}\n${content.trim()}\n${markdown.slice(to)}`;
}
