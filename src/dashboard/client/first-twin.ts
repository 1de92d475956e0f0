import { hasPlace } from "./fields.ts";
import type { ModelInfo } from "./fields.ts";

/** The command that makes a model's first twin; on the map, when the model has places. */
export function firstTwinLine(model: ModelInfo, origin: string): string {
  // encodeURIComponent leaves a quote alone, which would end the shell's text.
  const name = encodeURIComponent(model.name).replaceAll("'", "%27");
  const state = hasPlace(model) ? { latitude: 39.74, longitude: -104.99 } : {};
  return [
    `curl -X PUT '${origin}/v1/models/${name}/twins/first'`,
    `-H 'content-type: application/json'`,
    `-d '${JSON.stringify({ state })}'`,
  ].join(" ");
}
