/** Where the archive's objects go: an R2 bucket on the edge, a folder at home. */
import { ARCHIVE_SETTLE_MS } from "../core/limits.ts";
import type { ArchiveBucket, Env } from "../env.ts";

export interface ArchiveTarget {
  /**
   * Milliseconds after which an object that was put is certainly kept, if it `holds` it then; 0 when it is at once.
   */
  readonly settleMs: number;
  /** Stores an object whole, or throws. A repeat overwrites it. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Whether an object of this size is there. */
  holds(key: string, size: number): Promise<boolean>;
}

/** The archive of this deployment; undefined where there is none. A bucket goes before a folder. */
export function archiveTarget({ ARCHIVE, ARCHIVE_FOLDER }: Env): ArchiveTarget | undefined {
  if (ARCHIVE !== undefined) return bucketTarget(ARCHIVE);
  return ARCHIVE_FOLDER === undefined ? undefined : folderTarget(ARCHIVE_FOLDER);
}

function bucketTarget(bucket: ArchiveBucket): ArchiveTarget {
  // No content encoding: who reads the object is to get what its name says.
  const options = { httpMetadata: { contentType: "application/gzip" } };
  return {
    settleMs: 0,
    put: async (key, bytes) => void (await bucket.put(key, bytes, options)),
    holds: async (key, size) => (await bucket.head(key))?.size === size,
  };
}

/**
 * workerd's disk service: it makes the directories, and renames a file to its name when it is whole. It does not wait
 * for the disk, hence `settleMs`; and it keeps what came of a stream that fails, hence whole bodies.
 */
function folderTarget(
  folder: NonNullable<Env["ARCHIVE_FOLDER"]>,
  settleMs = ARCHIVE_SETTLE_MS,
): ArchiveTarget {
  const request = (
    method: string,
    key: string,
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<Response> =>
    folder.fetch(new Request(`http://archive/${key}`, { method, ...(body && { body }) }));
  return {
    settleMs,
    put: async (key, bytes) => {
      const { status } = await request("PUT", key, bytes.slice());
      if (status !== 204) throw new Error(`the folder answered ${status}`);
    },
    holds: async (key, size) => {
      const { status, headers } = await request("HEAD", key);
      return status === 200 && Number(headers.get("content-length")) === size;
    },
  };
}
