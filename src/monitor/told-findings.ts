/** Which findings are news, and which were sent already. Pure. */
import type { LakeFinding } from "../console/api.ts";

/** Reminds of a finding that stays. */
const AGAIN_AFTER_SECONDS = 24 * 3_600;
/** One that comes back sooner was never gone: neither its end nor its return is news. */
const QUIET_SECONDS = 3_600;

interface Told {
  readonly finding: LakeFinding;
  readonly atSeconds: number;
  /** Since when it is gone; undefined while it is there. */
  readonly goneSeconds: number | undefined;
}

/** What was sent, by table and id. */
export type ToldFindings = ReadonlyMap<string, Told>;

export interface FindingsNews {
  readonly findings: readonly LakeFinding[];
  /** Sent earlier, and gone for the quiet time. */
  readonly resolved: readonly LakeFinding[];
  /** What was sent, once the news is. */
  readonly told: ToldFindings;
}

/** Notes are none: they ask for nothing. */
export function findingsNews(
  told: ToldFindings,
  findings: readonly LakeFinding[],
  nowSeconds: number,
): FindingsNews {
  const present = new Map(
    findings.filter(({ severity }) => severity !== "note").map((finding) => [nameOf(finding), finding]),
  );
  const after = new Map<string, Told>();
  const news: LakeFinding[] = [];
  const resolved: LakeFinding[] = [];
  for (const [name, finding] of present) {
    const before = told.get(name);
    // breakage: findings-sent-once
    if (before !== undefined && nowSeconds < before.atSeconds + AGAIN_AFTER_SECONDS) {
      after.set(name, { ...before, goneSeconds: undefined });
      continue;
    }
    news.push(finding);
    after.set(name, { finding, atSeconds: nowSeconds, goneSeconds: undefined });
  }
  for (const [name, before] of told) {
    if (present.has(name)) continue;
    const goneSeconds = before.goneSeconds ?? nowSeconds;
    // breakage: findings-resolved-after-quiet-time
    if (nowSeconds < goneSeconds + QUIET_SECONDS) after.set(name, { ...before, goneSeconds });
    else resolved.push(before.finding);
  }
  return { findings: news, resolved, told: after };
}

function nameOf({ table, id }: LakeFinding): string {
  return `${table}: ${id}`;
}
