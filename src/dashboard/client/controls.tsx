import type { VNode } from "preact";
import { groupFields, numberFields } from "./fields.ts";
import { usePage } from "./page-context.ts";
import { SUMMARIES } from "./view.ts";
import type { View, ViewParameters } from "./view.ts";

/** What the page shows of a model. Every choice goes into the address. */
export function Controls({
  view,
  asked,
  isMapped,
}: {
  readonly view: View;
  readonly asked: ViewParameters;
  readonly isMapped: boolean;
}): VNode {
  const { open } = usePage();
  const { model } = view;
  const numbers = numberFields(model);
  const groups = groupFields(model);
  const choose = (choice: ViewParameters): void => open({ ...asked, model: model.name, ...choice });
  return (
    <div class="controls" role="group" aria-label="What to show">
      {numbers.length > 0 && (
        <Choice
          label="Field"
          value={view.measure}
          names={numbers}
          onChoose={(field) => choose({ field })}
        />
      )}
      {numbers.length > 0 && groups.length > 0 && (
        <Choice
          label="Chart"
          value={view.op}
          names={SUMMARIES}
          onChoose={(summary) => choose({ summary })}
        />
      )}
      {groups.length > 0 && (
        <Choice
          label="Group by"
          value={view.group}
          names={groups}
          onChoose={(by) => choose({ by })}
        />
      )}
      {isMapped && numbers.length + groups.length > 0 && (
        <Choice
          label="Colour"
          value={view.colour}
          names={[...numbers, ...groups]}
          onChoose={(colour) => choose({ colour })}
        />
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string | undefined;
  /** Values, or values with their words. */
  readonly names: readonly string[] | Readonly<Record<string, string>>;
  readonly onChoose: (value: string) => void;
}

function Choice({ label, value, names, onChoose }: ChoiceProps): VNode {
  const options = Array.isArray(names) ? names.map((name) => [name, name]) : Object.entries(names);
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([name, words]) => (
          <option key={name} value={name} selected={name === value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
