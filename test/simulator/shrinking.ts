/** Reduces a history to few steps that still break the same promise. */
import type { Played } from "./played.ts";

/** A history of any kind. */
export interface Steps {
  readonly steps: readonly { readonly number: number }[];
}

export interface Shrunk<H extends Steps> {
  readonly history: H;
  readonly played: Played;
  readonly tries: number;
}

/** Leaves out smaller and smaller parts of the steps while the failure remains. `goesOn` bounds the search. */
export async function shrink<H extends Steps>(
  history: H,
  played: Played,
  goesOn: () => boolean,
  play: (history: H) => Promise<Played>,
): Promise<Shrunk<H>> {
  const last = played.failure?.number;
  let steps: H["steps"] = history.steps.filter(({ number }) => last === undefined || number <= last);
  const did = new Set(played.told.map(({ number }) => number));
  let best: Shrunk<H> = { history, played, tries: 0 };
  let tries = 0;
  const fails = async (candidate: H["steps"]): Promise<boolean> => {
    tries++;
    const again = await play({ ...history, steps: candidate });
    if (again.failure?.promise !== played.failure?.promise) return false;
    best = { history: { ...history, steps: candidate }, played: again, tries };
    steps = candidate;
    return true;
  };
  await fails(steps.filter(({ number }) => did.has(number) || number === last));
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let isShorter = true;
    while (isShorter && goesOn()) {
      isShorter = false;
      for (let from = 0; from < steps.length && goesOn(); ) {
        if (await fails([...steps.slice(0, from), ...steps.slice(from + size)])) isShorter = true;
        else from += size;
      }
      if (size > 1) break;
    }
  }
  return { ...best, tries };
}
