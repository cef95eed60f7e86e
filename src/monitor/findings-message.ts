/** What a webhook or a command gets: findings, without values of items. */
import type { LakeFinding } from "../console/api.ts";
import type { FindingsNews } from "./told-findings.ts";

export interface FindingsMessage {
  /** All of it for people, which chats show as it is. */
  readonly text: string;
  readonly lake: string;
  readonly host: string;
  /** ISO 8601. */
  readonly at: string;
  readonly findings: readonly LakeFinding[];
  /** Findings of earlier messages that are gone. */
  readonly resolved: readonly Pick<LakeFinding, "id" | "table" | "title">[];
  /** Findings beyond those that a message holds. */
  readonly more: number;
}

const FINDINGS_MAX = 50;
const TEXT_MAX = 500;

export function findingsMessage(
  { findings, resolved }: Pick<FindingsNews, "findings" | "resolved">,
  { lake, host, nowMs }: { readonly lake: string; readonly host: string; readonly nowMs: number },
): FindingsMessage {
  const shown = findings
    .slice(0, FINDINGS_MAX)
    .map((finding) => ({ ...finding, detail: cut(finding.detail) }));
  const gone = resolved.slice(0, FINDINGS_MAX).map(({ id, table, title }) => ({ id, table, title }));
  const lines = [
    ...shown.map(({ table, title, detail }) => `${table}: ${title}. ${detail}`),
    ...gone.map(({ table, title }) => `${table}: resolved: ${title}`),
  ];
  return {
    text: [`dynalake, lake ${lake} on ${host}`, ...lines].join("\n"),
    lake,
    host,
    at: new Date(nowMs).toISOString(),
    findings: shown,
    resolved: gone,
    more: findings.length - shown.length,
  };
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}\u2026`;
}
