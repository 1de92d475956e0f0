/** Lines of text as one gzip file. */

/** Compresses rows of lines, a line break after each row. What is read and not compressed yet is one row. */
export async function gzipLines(rows: Iterable<string>): Promise<Uint8Array> {
  const { readable, writable } = new CompressionStream("gzip");
  const compressed = new Response(readable).arrayBuffer();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  for (const row of rows) await writer.write(encoder.encode(`${row}\n`));
  await writer.close();
  return new Uint8Array(await compressed);
}
