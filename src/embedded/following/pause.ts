/** Waits; false where it was ended by the signal. */
export function pause(milliseconds: number, stop: AbortSignal): Promise<boolean> {
  if (stop.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      stop.removeEventListener("abort", end);
      resolve(true);
    }, milliseconds);
    stop.addEventListener("abort", end, { once: true });
  });
}
