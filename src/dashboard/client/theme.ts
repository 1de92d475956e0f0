/** Light, dark, or as the system has it. `public/theme.js` applies the choice before the first paint. */
import { effect, signal } from "@preact/signals";

export const THEMES = ["light", "dark", "auto"] as const;
export type Theme = (typeof THEMES)[number];

const STORED_AS = "livetwin-theme";

/** What was chosen. */
export const theme = signal<Theme>(storedTheme());

/** Grows when colours change, for what is drawn on a canvas. */
export const themeVersion = signal(0);

/** Follows the choice and the system from now on. Called once. */
export function startTheme(): void {
  effect(() => {
    const chosen = theme.value;
    if (chosen === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen;
    storeTheme(chosen);
    themeVersion.value = themeVersion.peek() + 1;
  });
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", () => themeVersion.value++);
  }
}

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A colour of the style sheet, as it is in the theme that shows now. */
export function colourOf(property: string): Colour {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  probe.hidden = true;
  document.body.append(probe);
  const [red = 0, green = 0, blue = 0] =
    getComputedStyle(probe)
      .color.match(/[\d.]+/g)
      ?.map(Number) ?? [];
  probe.remove();
  return [red, green, blue];
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORED_AS);
    return THEMES.find((name) => name === stored) ?? "auto";
  } catch {
    // The browser forbids storage: the choice lasts as long as the page.
    return "auto";
  }
}

function storeTheme(chosen: Theme): void {
  try {
    if (chosen === "auto") localStorage.removeItem(STORED_AS);
    else localStorage.setItem(STORED_AS, chosen);
  } catch {
    // As above.
  }
}
