/** How large each part of a whole run is: the arguments that its own command would get. */

export type PartName =
  | "snapshot"
  | "changes"
  | "compaction"
  | "write-amplification"
  | "follow"
  | "lag"
  | "lambda"
  | "query"
  | "verify";

export interface PartRun {
  readonly name: PartName;
  readonly args: readonly string[];
}

/**
 * More than an hour on two cores at a scale of 1. The scale multiplies items, records and seconds, not rounds: 0.01 shows in minutes
 * that all parts work.
 */
export function wholeRun(scale: number): readonly PartRun[] {
  const scaled = (count: number, least = 1_000): string => String(Math.max(least, Math.round(count * scale)));
  const seconds = scaled(300, 10);
  return [
    {
      name: "snapshot",
      args: [
        scaled(1_000_000),
        "3",
        `${scaled(100_000)},${scaled(10_000_000)},${scaled(30_000_000)}`,
        "--baselines",
      ],
    },
    { name: "changes", args: ["1000", "5"] },
    {
      name: "compaction",
      args: [
        scaled(100_000),
        ...[1_000_000, 10_000_000, 30_000_000].map((size) => scaled(size)),
        "--rounds",
        "3",
      ],
    },
    { name: "write-amplification", args: [scaled(100, 10)] },
    { name: "follow", args: [scaled(200_000), "none", "--rounds", "3"] },
    { name: "lag", args: ["1000,5000", seconds] },
    { name: "lambda", args: ["7"] },
    { name: "query", args: [scaled(10_000_000), "3"] },
    { name: "verify", args: [scaled(200_000), "3"] },
  ];
}

/** Two to three minutes on two idle cores. It has every part that yields ratios; a lag is an absolute time. */
export const QUICK_RUN: readonly PartRun[] = [
  { name: "snapshot", args: ["200000", "2"] },
  { name: "changes", args: ["1000", "3"] },
  { name: "compaction", args: ["50000", "500000", "--rounds", "3"] },
  { name: "write-amplification", args: ["40", "default"] },
  { name: "follow", args: ["50000", "none", "--rounds", "3"] },
  { name: "lambda", args: ["4"] },
  { name: "query", args: ["500000", "5"] },
  { name: "verify", args: ["50000", "2"] },
];
