/** What a node of the power grid sends: what and where it is when it starts, and from then on its condition. */
import * as v from "valibot";

const Condition = v.picklist(["offline", "normal", "minor", "moderate", "severe"]);

/** Known types are "infrastructure" and "controller". A node of another is tracked, without an alert level. */
const NODE = {
  node_type: v.optional(v.string()),
  region: v.optional(v.string()),
  longitude: v.optional(v.number()),
  latitude: v.optional(v.number()),
};

const Init = v.object({ type: v.literal("init"), node_condition: v.optional(Condition), ...NODE });
const Status = v.object({ type: v.literal("status"), node_condition: Condition, ...NODE });

export const StatusMessage = v.variant("type", [Init, Status]);

export type StatusMessage = v.InferOutput<typeof StatusMessage>;
export type Init = v.InferOutput<typeof Init>;
export type Condition = v.InferOutput<typeof Condition>;
export type Incident = "minor" | "moderate" | "severe";
