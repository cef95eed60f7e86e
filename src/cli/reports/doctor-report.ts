/** What a doctor found, as text to read and to paste into an issue. */
import { grouped } from "../../core/counted.ts";
import { DOUBTS, type DoubtAnswer, type Verdict } from "../../stack/doctor/examine-stack.ts";

export interface Examined {
  /** Of dynalake. */
  readonly version: string;
  readonly stack: string;
  readonly region?: string;
  readonly tables: readonly string[];
  readonly answers: readonly DoubtAnswer[];
}

/** The order in which a person wants them. */
const VERDICTS = ["contradicted", "not seen", "seen"] as const satisfies readonly Verdict[];
const VERDICT_CHARACTERS = 14;
/** An issue shows so many without a scroll bar, and so does a terminal. */
const LINE_CHARACTERS = 80;
const EVIDENCE = "- ";

export function doctorText({
  answers,
  region = "an unknown region",
  stack,
  tables,
  version,
}: Examined): string {
  const lines = VERDICTS.flatMap((verdict) =>
    answers.filter((answer) => answer.verdict === verdict).flatMap(linesOf),
  );
  const counts = VERDICTS.toReversed().map((verdict) => `${grouped(countOf(answers, verdict))} ${verdict}`);
  const unread = answers.filter(({ isUnread }) => isUnread === true).length;
  const last = [counts.join(", "), ...(unread === 0 ? [] : [`${grouped(unread)} could not be read`])];
  return [
    `dynalake ${version}; stack ${stack} in ${region}; ${tables.join(", ")}`,
    "",
    ...lines,
    "",
    last.join("; "),
    "",
  ].join("\n");
}

/** The behavior, and under it what was seen of it. */
function linesOf({ doubt, evidence, verdict }: DoubtAnswer): readonly string[] {
  const [first = "", ...others] = brokenLines(DOUBTS[doubt], LINE_CHARACTERS - VERDICT_CHARACTERS);
  const seen = brokenLines(evidence, LINE_CHARACTERS - VERDICT_CHARACTERS - EVIDENCE.length);
  const indent = " ".repeat(VERDICT_CHARACTERS);
  return [
    `${verdict.padEnd(VERDICT_CHARACTERS)}${first}`,
    ...others.map((line) => `${indent}${line}`),
    ...seen.map((line, i) => `${indent}${i === 0 ? EVIDENCE : " ".repeat(EVIDENCE.length)}${line}`),
  ];
}

/** Lines of whole words. A longer word has a line of its own. */
function brokenLines(text: string, charactersMax: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= charactersMax)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

export function doctorJson({ answers, ...examined }: Examined): string {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, countOf(answers, verdict)]));
  const told = answers.map(({ isUnread = false, ...answer }) => ({
    ...answer,
    behavior: DOUBTS[answer.doubt],
    isUnread,
  }));
  return `${JSON.stringify({ ...examined, counts, answers: told }, null, 2)}\n`;
}

function countOf(answers: readonly DoubtAnswer[], verdict: Verdict): number {
  return answers.filter((answer) => answer.verdict === verdict).length;
}
