/** The way from ingest to the object that holds shared data and tables. */
import type { SharedQuestion } from "../core/lookups.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import type { Env, Stub } from "../env.ts";
import type { SharedDataRpc } from "../wire/internal-rpc.ts";

/** Calls the object; `shared/unavailable` when the platform fails: what was asked may have happened or not. */
export async function callShared<T>(
  env: Env,
  call: (stub: Stub<SharedDataRpc>) => Promise<T>,
): Promise<T | Refusal> {
  try {
    return await call(env.SHARED.getByName("shared"));
  } catch (error) {
    console.error("The object of shared data failed:", error);
    const detail = "Shared data did not answer; try again.";
    return { code: "shared/unavailable", detail };
  }
}

/** Asks one question. */
export async function askShared<T>(env: Env, question: SharedQuestion): Promise<Result<T>> {
  const reply = await callShared(env, (stub) => stub.ask("http", JSON.stringify([question])));
  if (typeof reply !== "string") return { ok: false, refusal: reply };
  return (JSON.parse(reply) as [Result<T>])[0];
}
