/** Layers of a table in lanes, so that none covers another. Pure. */
import type { Layer } from "../console/api.ts";

export interface PlacedLayer {
  readonly layer: Layer;
  readonly lane: number;
}

/** Each layer gets the lowest lane that is free when it begins. */
export function lanesOf(layers: readonly Layer[]): readonly PlacedLayer[] {
  const busyUntil: number[] = [];
  return layers.map((layer) => {
    const free = busyUntil.findIndex((until) => until <= layer.fromSeconds);
    const lane = free === -1 ? busyUntil.length : free;
    busyUntil[lane] = layer.untilSeconds ?? Number.POSITIVE_INFINITY;
    return { layer, lane };
  });
}
