/** Replaces the scalars inside a type. */
import type { PartType, ScalarType } from "./column-type.ts";

/** The type with each leaf, which is a scalar, replaced by `leaf` of it. */
export function mapLeaves(type: PartType, leaf: (scalar: ScalarType) => ScalarType): PartType {
  switch (type.kind) {
    case "array":
      return { kind: "array", element: mapLeaves(type.element, leaf) };
    case "map":
      return { kind: "map", value: mapLeaves(type.value, leaf) };
    case "struct":
      return {
        kind: "struct",
        fields: type.fields.map((field) => ({ ...field, type: mapLeaves(field.type, leaf) })),
      };
    default:
      return leaf(type);
  }
}
