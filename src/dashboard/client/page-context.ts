/** What every part of the page needs and only one of may exist: the connection, and what somebody points at. */
import type { Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { LiveSocket } from "./live-socket.ts";
import type { ViewParameters } from "./view.ts";

export interface PageParts {
  readonly live: LiveSocket;
  /** The twin that the pointer or the focus is on, in whichever panel: all panels mark it. */
  readonly pointedAt: Signal<string | undefined>;
  /** Milliseconds of `performance.now()`, a second apart: for ages. */
  readonly nowMs: Signal<number>;
  /** Shows another view, and puts it into the address. */
  readonly open: (parameters: ViewParameters) => void;
}

export const PageContext = createContext<PageParts | undefined>(undefined);

export function usePage(): PageParts {
  const page = useContext(PageContext);
  if (page === undefined)
    throw new Error("Livetwin bug: a part of the page is outside of the page");
  return page;
}
