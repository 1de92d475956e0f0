import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { formatAge } from "./format.ts";
import type { LiveStatus } from "./live-socket.ts";
import { usePage } from "./page-context.ts";
import { theme, THEMES } from "./theme.ts";
import type { Theme } from "./theme.ts";

const STATUS_WORDS: Readonly<Record<LiveStatus, string>> = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  paused: "Paused",
};

/** Results come once a second while anything changes: what is younger is as new as can be. */
const NEW_MS = 2_000;

/** Paths in a box of 16 by 16. */
const THEME_ICONS: Readonly<Record<Theme, string>> = {
  light:
    "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13",
  dark: "M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2z",
  auto: "M2 3h12v8H2zM6 14h4M8 11v3",
};

/** Whose page this is, how fresh it is, and how it looks. */
export function TopBar(): VNode {
  return (
    <header class="top-bar">
      <a class="logo" href="/">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M12 5 23 16 12 27 1 16z" />
          <path class="twin" d="M20 5 31 16 20 27 9 16z" />
        </svg>
        Livetwin
      </a>
      <Freshness />
      <ThemeSwitch />
    </header>
  );
}

/** The state of the connection, how old the data is, and a button that stops all movement. */
function Freshness(): VNode {
  const { live } = usePage();
  const status = live.status.value;
  const isPaused = status === "paused";
  return (
    <div class={`freshness ${status}`}>
      {/* Only a change of state is read aloud, not every second. */}
      <span class="state" role="status">
        {STATUS_WORDS[status]}
      </span>
      <Age />
      <button
        type="button"
        class="icon"
        title={isPaused ? "Resume" : "Pause"}
        onClick={() => (isPaused ? live.resume() : live.pause())}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d={isPaused ? "M5 3v10l8-5z" : "M4 3h3v10H4zM9 3h3v10H9z"} />
        </svg>
        <span class="unseen">{isPaused ? "Resume" : "Pause"}</span>
      </button>
    </div>
  );
}

function Age(): VNode | null {
  const { live, nowMs } = usePage();
  const text = useComputed(() => {
    const heardAtMs = live.heardAtMs.value;
    if (heardAtMs === undefined) return undefined;
    const ageMs = nowMs.value - heardAtMs;
    if (live.status.value !== "live") return `data ${formatAge(ageMs)} old`;
    return ageMs < NEW_MS ? "now" : `${formatAge(ageMs)} ago`;
  });
  return text.value === undefined ? null : (
    <span class="age" title="Time since the last result">
      {text.value}
    </span>
  );
}

function ThemeSwitch(): VNode {
  return (
    <fieldset class="themes">
      <legend class="unseen">Theme</legend>
      {THEMES.map((name) => (
        <label key={name} title={`Theme: ${name}`}>
          <input
            type="radio"
            name="theme"
            value={name}
            checked={theme.value === name}
            onChange={() => (theme.value = name)}
          />
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d={THEME_ICONS[name]} />
          </svg>
          <span class="unseen">{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
