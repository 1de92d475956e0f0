/** What `cloudflare:workers` exports in these tests: this project's Worker. */
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("../../src/worker.ts");
    durableNamespaces: "TwinObject" | "AggregatorShard" | "Reducer" | "Registry";
  }
}
