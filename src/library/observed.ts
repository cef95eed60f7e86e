/** Calls observers of long work. */
import type { LakeEvent } from "./event.ts";

/**
 * Calls the observer at once and does not wait for it. What it throws is an uncaught exception: it never ends the work, and is never lost.
 */
export function observed(onEvent: ((event: LakeEvent) => void) | undefined): (event: LakeEvent) => void {
  if (onEvent === undefined) return () => undefined;
  return (event) => {
    try {
      onEvent(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
