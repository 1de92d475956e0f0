/** The product's own counters, from /metrics. They begin anew when an object wakes: only differences within a load count. */
import { BenchFailure } from "./bench-failure.ts";
import { HttpConnection } from "./load/http-connection.ts";
import { get } from "./messages.ts";

export interface Counters {
  readonly rows: number;
  readonly objectRequests: number;
  readonly commits: number;
  readonly twins: number;
}

/** The counters of one model. Wakes its cells. */
export async function readCounters(port: number, model: string): Promise<Counters> {
  const connection = await HttpConnection.open(port);
  const { status, body } = await connection.ask(get("/metrics"));
  connection.close();
  const valueOf = (name: string): number => {
    const match = new RegExp(`^livetwin_${name}\\{model="${model}"\\} (\\S+)$`, "m").exec(body);
    if (status !== 200 || match === null)
      throw new BenchFailure(`/metrics answers ${status} without ${name} of ${model}.`);
    return Number(match[1]);
  };
  return {
    rows: valueOf("rows_written_total"),
    objectRequests: valueOf("object_requests_in_total") + valueOf("object_requests_out_total"),
    commits: valueOf("commits_total"),
    twins: valueOf("twins"),
  };
}
