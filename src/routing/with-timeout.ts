/** Waits for a call, but not for ever. */

/** Stands for a call that took longer than the caller was ready to wait; the call itself goes on. */
export const TIMED_OUT = Symbol("timed out");

/** What `call` gives, or `TIMED_OUT` after `timeoutMs`. The timer is gone when this settles: none is left pending. */
export async function withTimeout<T>(
  call: Promise<T>,
  timeoutMs: number,
): Promise<T | typeof TIMED_OUT> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<typeof TIMED_OUT>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, TIMED_OUT);
  });
  try {
    return await Promise.race([call, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
