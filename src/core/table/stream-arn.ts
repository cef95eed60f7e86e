/** What the ARN of a stream contains. */

/**
 * The moment a stream was created, from the last part of its ARN: `2015-05-11T21:21:33.291` at AWS, seconds since the
 * epoch in some emulators. Undefined for anything else.
 */
export function streamLabelSeconds(streamArn: string): number | undefined {
  const label = streamLabel(streamArn);
  if (/^\d{9,11}(\.\d+)?$/.test(label)) return Number(label);
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/.test(label) ? Date.parse(`${label}Z`) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 1_000;
}

/** The label of a stream: what follows `/stream/` in its ARN. */
export function streamLabel(streamArn: string): string {
  return streamArn.slice(streamArn.lastIndexOf("/") + 1);
}
