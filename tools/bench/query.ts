/** Queries of the product, over a connection of their own. */
import { BenchFailure } from "./bench-failure.ts";
import { HttpConnection } from "./load/http-connection.ts";
import { post } from "./messages.ts";

export type Row = readonly (string | number | null)[];

export class QueryClient {
  readonly #connection: HttpConnection;

  constructor(connection: HttpConnection) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<QueryClient> {
    return new QueryClient(await HttpConnection.open(port));
  }

  /** The rows of a query's answer. A partial answer is a wrong one here. */
  async rows(query: object, consistent = false): Promise<readonly Row[]> {
    const path = consistent ? "/v1/query?consistent=true" : "/v1/query";
    const { status, body } = await this.#connection.ask(queryRequest(path, query));
    if (status !== 200) throw new BenchFailure(`A query is answered with ${status}: ${body}`);
    const answer = JSON.parse(body) as { rows: readonly Row[]; partial: boolean };
    if (answer.partial) throw new BenchFailure("A query's answer is partial.");
    return answer.rows;
  }

  close(): void {
    this.#connection.close();
  }
}

/** Checks that every acknowledged message of a model is in its twins, each of which counts its own. */
export async function checkNothingLost(
  port: number,
  model: string,
  acknowledged: number,
): Promise<void> {
  const client = await QueryClient.open(port);
  const query = { model, aggregates: [{ op: "sum", field: "count", as: "messages" }] };
  const [row] = await client.rows(query, true);
  client.close();
  if (row?.[0] !== acknowledged) {
    throw new BenchFailure(
      `The twins of ${model} have processed ${String(row?.[0])} messages; acknowledged were ${acknowledged}.`,
    );
  }
}

function queryRequest(path: string, query: object): Buffer {
  return post(path, JSON.stringify(query));
}
