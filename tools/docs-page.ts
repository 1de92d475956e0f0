/**
 * What `/docs` and `/openapi.json` serve: the description of the HTTP interface, made of the schemas in `src/wire`, and
 * the files of Swagger UI that the page loads. The page itself is in `src/dashboard/client/public`.
 */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { openApiDocument } from "../src/wire/openapi/document.ts";
import { OPERATIONS } from "../src/wire/openapi/operations/all.ts";

/** Of Swagger UI, by the names that they get beside the page: its licenses go where it goes. */
const COPIED = {
  LICENSE: "swagger-ui.LICENSE.txt",
  NOTICE: "swagger-ui.NOTICE.txt",
  "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
} as const;
const CODE = ["swagger-ui-bundle.js", "swagger-ui.css"] as const;

/** Names a source map, which is not served. */
const SOURCE_MAP = /\n?(?:\/\/|\/\*)# sourceMappingURL=[^*\s]+(?: ?\*\/)?\s*$/;

/** Writes the files into the directory of the static assets. Returns the paths of the written files. */
export async function writeDocsPage(root: string, target: string): Promise<readonly string[]> {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly version: string;
  };
  const description = join(target, "openapi.json");
  const docs = join(target, "docs");
  await mkdir(docs, { recursive: true });
  await writeFile(description, JSON.stringify(openApiDocument(OPERATIONS, version)));

  const source = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const written = [description];
  for (const [name, as] of Object.entries(COPIED)) {
    await cp(join(source, name), join(docs, as));
    written.push(join(docs, as));
  }
  for (const name of CODE) {
    const text = await readFile(join(source, name), "utf8");
    await writeFile(join(docs, name), text.replace(SOURCE_MAP, "\n"));
    written.push(join(docs, name));
  }
  return written;
}
