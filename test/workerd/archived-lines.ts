/** Reads the archive back from its bucket. */
import { env } from "cloudflare:workers";

/** A line as it is in the archive's files. */
export interface ArchivedLine {
  readonly model: string;
  readonly id: string;
  readonly at: string;
  readonly record: never;
}

export const bucket = (env as unknown as { readonly ARCHIVE: R2Bucket }).ARCHIVE;

/** Keys of a model's objects, in their order. */
export async function archivedKeys(model: string): Promise<readonly string[]> {
  const { objects } = await bucket.list({ prefix: `model=${model}/` });
  return objects.map(({ key }) => key);
}

/** All lines of a model's objects, in the order of their keys. */
export async function archivedLines(model: string): Promise<readonly ArchivedLine[]> {
  const lines: ArchivedLine[] = [];
  for (const key of await archivedKeys(model)) {
    const object = await bucket.get(key);
    const text = await new Response(
      object!.body.pipeThrough(new DecompressionStream("gzip")),
    ).text();
    for (const line of text.split("\n").slice(0, -1)) lines.push(JSON.parse(line) as ArchivedLine);
  }
  return lines;
}
