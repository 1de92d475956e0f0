/** What a model says of its place in the hierarchy: whose child it is, and what it keeps of its own children. */

/** A twin by name. */
export interface TwinRef {
  readonly model: string;
  readonly id: string;
}

/** A value of a child as its parent has it. A time is ISO 8601; what is no number, text, boolean or time is null. */
export type ReportedValue = number | string | boolean | null;

/** What a parent knows of a child. Frozen. */
export interface ChildReport extends TwinRef {
  /** The fields that the child's model reports, as they were last. */
  readonly values: Readonly<Record<string, ReportedValue>>;
  /** Only in what `onReport` gets: the child has another parent now, or none, or is gone. */
  readonly left?: true;
}

/** Gives the id of a twin's parent, or null. Decided by the twin's fields and its id alone. */
export type ParentIdOf = (twin: object, id: string) => string | null | undefined;

/** Whose child a twin is, and what it tells its parent. */
export interface ParentDeclaration {
  readonly model: string;
  /** The field that holds the parent's id (null or an empty text: no parent), or a function that gives it. */
  readonly id: string | ParentIdOf;
  /** Fields whose changes are reported. */
  readonly report: readonly string[];
}

/** A value that a parent keeps of its children; `of` names the models of those that count, else all do. */
export type Rollup =
  | {
      /** The number of children; with `field` and `is`, of those that report this value. */
      readonly op: "count";
      readonly field?: string;
      readonly is?: string | number | boolean;
      readonly of?: string | readonly string[];
    }
  | {
      /**
       * Over the numbers that are reported; `min` and `max` also over texts and times. `sum` is 0 without any, the
       * others null.
       */
      readonly op: "sum" | "mean" | "min" | "max";
      readonly field: string;
      readonly of?: string | readonly string[];
    }
  | {
      /** The last text of `order` that a child reports; null when none does. */
      readonly op: "worst";
      readonly field: string;
      readonly order: readonly string[];
      readonly of?: string | readonly string[];
    };

/** Roll-ups by the field of the parent that holds them. */
export type Rollups = Readonly<Record<string, Rollup>>;

/** The models that a roll-up is over; undefined for all. */
export function modelsOver({ of }: Rollup): readonly string[] | undefined {
  return typeof of === "string" ? [of] : of;
}

/** By model, then id. */
export function byName(a: TwinRef, b: TwinRef): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** A twin's name as one text. Neither part can contain the slash. */
export function keyOf({ model, id }: TwinRef): string {
  return `${model}/${id}`;
}
