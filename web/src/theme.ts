import { effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";
const KEY = "ohmstead.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null; // Storage is blocked: the theme of the system serves.
  }
}

const chosen = signal<Theme | null>(stored());
const systemTheme = signal<Theme>(system.matches ? "dark" : "light");
system.addEventListener("change", () => (systemTheme.value = system.matches ? "dark" : "light"));

export const theme = signal<Theme>("light");
effect(() => {
  theme.value = chosen.value ?? systemTheme.value;
  document.documentElement.dataset.theme = theme.value;
});

export function toggleTheme(): void {
  const next: Theme = theme.value === "dark" ? "light" : "dark";
  chosen.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    return; // It holds for this visit.
  }
}
