/** Names that are parts of paths. */

const SAFE_NAME = /^[A-Za-z0-9_-]+$/;

/** Guards every name that becomes a part of a path. */
export function safePart(name: string): string {
  if (!SAFE_NAME.test(name))
    throw new Error("a part of a lake path has other characters than A-Z a-z 0-9 _ -");
  return name;
}
