import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { ModelInfo } from "./fields.ts";
import { firstTwinLine } from "./first-twin.ts";
import { Panel } from "./panel.tsx";

/** A model without twins: says so, and gives a line that makes the first one. */
export function EmptyState({
  model,
  origin,
}: {
  readonly model: ModelInfo;
  readonly origin: string;
}): VNode {
  const code = useRef<HTMLElement>(null);
  const said = useSignal("");
  const line = firstTwinLine(model, origin);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(line);
      said.value = "Copied.";
    } catch {
      // Pages that are not served securely have no clipboard, and a browser may forbid it.
      getSelection()?.selectAllChildren(code.current!);
      said.value = "Selected: copy it with your keyboard.";
    }
  }

  return (
    <Panel area="notice" title={`${model.name} has no twins yet`}>
      <p>
        Twins come into being with their first message, and appear here at once. This line makes
        one:
      </p>
      <div class="line">
        <pre tabIndex={0}>
          <code ref={code}>{line}</code>
        </pre>
        <button type="button" class="primary" onClick={() => void copy()}>
          Copy
        </button>
      </div>
      <p class="quiet" role="status">
        {said.value}
      </p>
    </Panel>
  );
}
