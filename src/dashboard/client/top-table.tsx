import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import type { LiveResult } from "../../wire/live-v1.ts";
import { asTitle, wordsOf } from "./fields.ts";
import { formatValue } from "./format.ts";
import { usePage } from "./page-context.ts";

/** Twins as a table: what the map shows by position, for who can't or won't use the map. */
export function TopTable({
  result,
  isMapped,
}: {
  readonly result: LiveResult;
  readonly isMapped: boolean;
}): VNode {
  const { columns, rows } = result;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Table of twins">
      <table>
        <thead>
          <tr>
            {columns.map(({ name, type }) => (
              <th key={name} scope="col" class={type === "number" ? "number" : undefined}>
                {name === "id" ? "Twin" : asTitle(wordsOf(name))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <TopRow key={String(row[0])} columns={columns} row={row} isMapped={isMapped} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface TopRowProps {
  readonly columns: LiveResult["columns"];
  readonly row: LiveResult["rows"][number];
  readonly isMapped: boolean;
}

function TopRow({ columns, row, isMapped }: TopRowProps): VNode {
  const { pointedAt } = usePage();
  const id = String(row[0]);
  const isPointedAt = useComputed(() => pointedAt.value === id);
  const point = (): void => void (pointedAt.value = id);
  const leave = (): void => {
    if (pointedAt.peek() === id) pointedAt.value = undefined;
  };
  return (
    <tr
      class={isPointedAt.value ? "pointed" : undefined}
      onPointerEnter={point}
      onPointerLeave={leave}
    >
      {columns.map(({ name, type }, i) =>
        i === 0 ? (
          <th key={name} scope="row">
            {isMapped ? (
              <button
                type="button"
                class="link"
                title="Show on the map"
                onFocus={point}
                onBlur={leave}
                onClick={point}
              >
                {id}
              </button>
            ) : (
              id
            )}
          </th>
        ) : (
          <td key={name} class={type === "number" ? "number" : undefined}>
            {formatValue(row[i], type)}
          </td>
        ),
      )}
    </tr>
  );
}
