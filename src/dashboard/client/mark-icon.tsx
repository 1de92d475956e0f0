import type { VNode } from "preact";
import { outlineOf } from "./marks.ts";
import type { MarkClass } from "./scale.ts";

/** A class's mark as it is on the map, beside its words; it says nothing of its own to a screen reader. */
export function MarkIcon({ tone, shape }: Pick<MarkClass, "tone" | "shape">): VNode {
  return (
    <svg class={`mark tone-${tone}`} viewBox="-1.5 -1.5 3 3" aria-hidden="true">
      <path d={outlineOf(shape)} fill-rule="evenodd" />
    </svg>
  );
}
