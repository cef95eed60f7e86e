/**
 * How a deliberate breakage finds its place in the sources: by a comment there, so that it moves with the code.
 *
 *     // breakage: tombstones-are-kept
 *     return rows.filter(isLive);
 *
 *     const first = rows[0]; // breakage: oldest-row
 *
 * A comment on a line of its own marks the statement below it, with all lines that belong to it. At the end of a line it marks that
 * line. An entry of breakages.ts names the marker, and the text within the marked lines that it replaces.
 */

export interface Breakage {
  /** What goes wrong, as a sentence. */
  readonly name: string;
  /** The name in the comment at its place. Several breakages can share one. */
  readonly marker: string;
  /** The text to replace, which stands once in what is marked; without it, everything that is marked. */
  readonly find?: string;
  readonly put: string;
  /** The test files that have to notice. */
  readonly tests: readonly string[];
}

export interface Marker {
  readonly name: string;
  /** The marked lines, from the first character of the first one to the end of the last one. */
  readonly from: number;
  readonly to: number;
}

const MARKER = /^(?<before>.*?)\s*\/\/ breakage: (?<name>[a-z0-9-]+)$/;

/** The markers in a source, in their order. */
export function markersIn(source: string): readonly Marker[] {
  const lines = source.split("\n");
  const starts: number[] = [];
  let start = 0;
  for (const line of lines) {
    starts.push(start);
    start += line.length + 1;
  }
  return lines.flatMap((line, i) => {
    const { before, name } = MARKER.exec(line)?.groups ?? {};
    if (before === undefined || name === undefined) return [];
    const isAlone = before === "";
    const first = isAlone ? i + 1 : i;
    const last = isAlone ? lastLineOfStatement(lines, first) : i;
    const from = starts[first] ?? source.length;
    const end = isAlone ? (lines[last]?.length ?? 0) : before.length;
    return [{ name, from, to: Math.min((starts[last] ?? source.length) + end, source.length) }];
  });
}

/** A formatted statement goes on with deeper lines, with closing brackets at its own depth, and to the end of a template literal. */
function lastLineOfStatement(lines: readonly string[], first: number): number {
  const depth = depthOf(lines[first] ?? "");
  let last = first;
  let isInTemplate = opensOrClosesTemplate(lines[first] ?? "");
  for (let i = first + 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const isDeeper = line.trim() !== "" && depthOf(line) > depth;
    const closes = depthOf(line) === depth && /^\s*[)\]}]/.test(line);
    if (isInTemplate || closes || isDeeper) last = i;
    else if (line.trim() !== "") break;
    if (opensOrClosesTemplate(line)) isInTemplate = !isInTemplate;
  }
  return last;
}

/** Whether a template literal of several lines begins or ends in a line. */
function opensOrClosesTemplate(line: string): boolean {
  return line.split("`").length % 2 === 0;
}

function depthOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** The source with the breakage in it; throws where its place is not there exactly once. */
export function brokenSource(source: string, breakage: Breakage): string {
  const { from, to } = placeOf(source, breakage);
  const marked = source.slice(from, to);
  const find = breakage.find ?? marked;
  const places = find === "" ? 0 : marked.split(find).length - 1;
  if (places !== 1) throw new Error(`"${breakage.name}" has ${places} places, not one`);
  return source.slice(0, from) + marked.replace(find, () => breakage.put) + source.slice(to);
}

function placeOf(source: string, { name, marker }: Breakage): Marker {
  const found = markersIn(source).filter((each) => each.name === marker);
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`"${name}" has ${found.length} markers "${marker}", not one`);
  return only;
}

/** Whether breakages are made in a file of this path. */
export function isSource(path: string): boolean {
  return /^(src|infra|handlers)\/.*\.ts$/.test(path);
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The file in which a breakage has its place; throws where there is none, or several. */
export function fileOf(sources: readonly SourceFile[], { marker, name }: Breakage): SourceFile {
  const found = sources.filter(
    ({ text }) => text.includes(marker) && markersIn(text).some((each) => each.name === marker),
  );
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`"${name}" has its place in ${found.length} files, not in one`);
  return only;
}
