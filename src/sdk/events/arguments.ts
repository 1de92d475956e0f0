/**
 * Checks of what a model's author passes. What is wrong is thrown as a `TypeError` or `RangeError` that names the
 * function, the value and the rule: the step fails, and its message is rejected with that text.
 */

const TEXT_SHOWN_CHARS = 40;

/** The value as an error shows it. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    const cut = value.length > TEXT_SHOWN_CHARS ? `${value.slice(0, TEXT_SHOWN_CHARS)}…` : value;
    return JSON.stringify(cut);
  }
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? "an invalid Date" : value.toISOString();
  return Array.isArray(value) ? "a list" : "an object";
}

/** The value, when it is a number that JSON can hold. */
export function finiteNumber(caller: string, what: string, value: unknown): number {
  if (typeof value !== "number")
    throw new TypeError(`${caller}: ${what} is ${shown(value)}; it must be a number.`);
  if (!Number.isFinite(value))
    throw new RangeError(`${caller}: ${what} is ${value}; it must be a finite number.`);
  return value;
}

/** What was calculated, when it is no larger than a number can be. */
export function finiteResult(caller: string, what: string, value: number): number {
  if (!Number.isFinite(value))
    throw new RangeError(
      `${caller}: ${what} is beyond what a number holds; the values are too large.`,
    );
  return value;
}

/** The value, when it is a whole number within both bounds. */
export function wholeNumber(
  caller: string,
  what: string,
  value: unknown,
  min: number,
  max: number,
): number {
  const number = finiteNumber(caller, what, value);
  if (!Number.isInteger(number) || number < min || number > max)
    throw new RangeError(
      `${caller}: ${what} is ${number}; it must be a whole number from ${min} to ${max}.`,
    );
  return number;
}

/** Refuses what is no list. */
export function checkList(caller: string, list: unknown): void {
  if (!Array.isArray(list))
    throw new TypeError(`${caller}: the list is ${shown(list)}; it must be an array.`);
}

/** Refuses what can't be gone through. */
export function checkIterable(caller: string, items: unknown): void {
  if (typeof (items as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== "function")
    throw new TypeError(`${caller}: ${shown(items)} is no list of events or values.`);
}

/** Refuses what can't be called. */
export function checkFunction(caller: string, what: string, value: unknown): void {
  if (typeof value !== "function")
    throw new TypeError(`${caller}: ${what} is ${shown(value)}; it must be a function.`);
}
