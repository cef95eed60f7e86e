/** Progress of a wait. */
import type { Terminal } from "../context/terminal.ts";

const TICK_MS = 1000;

/** Shows every second how long the work has taken. */
export async function withClock<T>(terminal: Terminal, what: string, work: Promise<T>): Promise<T> {
  let seconds = 0;
  const timer = setInterval(() => terminal.progress(`${what} (${++seconds} s)`), TICK_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    terminal.settle();
  }
}
