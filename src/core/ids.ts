/** Ids of twins, and the way from an id to its cell. */
import { BUCKETS, ID_LENGTH_MAX, MODEL_NAME_LENGTH_MAX } from "./limits.ts";

const TWIN_ID = new RegExp(`^[ -~]{1,${ID_LENGTH_MAX}}$`);
const FORBIDDEN = /[/?#%]/;
const MODEL_NAME = new RegExp(`^[A-Za-z][A-Za-z0-9_-]{0,${MODEL_NAME_LENGTH_MAX - 1}}$`);

/** Whether a text is a twin's id: 1 to 128 characters of printable ASCII except `/ ? # %`. */
export function isTwinId(text: string): boolean {
  return TWIN_ID.test(text) && !FORBIDDEN.test(text);
}

/** Whether a text is a model's name: a letter, then letters, digits, `_` and `-`, 64 in all at most. */
export function isModelName(text: string): boolean {
  return MODEL_NAME.test(text);
}

/** 32-bit FNV-1a over UTF-16 units, finished with murmur3's mixer so that the low bits are even. Fixed for ever. */
export function hash32(text: string, seed = 0x811c9dc5): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** The bucket of an id, 0 to 1,023. */
export function bucketOf(id: string): number {
  return hash32(id) & (BUCKETS - 1);
}

/**
 * Where a model's twins live. Fixed when the model is first deployed; `version` grows should live cells
 * ever be split. The first version deals buckets to cells in turn.
 */
export interface Placement {
  readonly version: number;
  readonly cells: number;
}

/** The cell of an id under a placement, 0 to `cells - 1`. */
export function cellOf(id: string, placement: Placement): number {
  return bucketOf(id) % placement.cells;
}

/** The name of the Durable Object that holds a cell. */
export function cellKey(model: string, cell: number): string {
  return `${model}:${cell}`;
}

/** The model and cell number of a cell's name. */
export function parseCellKey(key: string): { model: string; cell: number } {
  const colon = key.lastIndexOf(":");
  return { model: key.slice(0, colon), cell: Number(key.slice(colon + 1)) };
}
