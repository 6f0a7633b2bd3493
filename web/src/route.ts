import { computed, signal } from "@preact/signals";
import { heating, HEATING_HASH } from "./store";

export type View = "home" | "heating";

const VIEWS: Record<string, View> = { "": "home", "#home": "home", [HEATING_HASH]: "heating" };

const wanted = signal<View>(VIEWS[location.hash] ?? "home");
addEventListener("hashchange", () => {
  // Another hash is a place on the page, such as the skip link's.
  const found = VIEWS[location.hash];
  if (found === undefined || found === wanted.value) return;
  wanted.value = found;
  scrollTo(0, 0);
});

/** Whether this home has rooms or floors of its own to show. */
export const hasHeating = computed(
  () => heating.value !== null && (heating.value.floors !== null || heating.value.radiators.length > 0),
);

export const view = computed<View>(() => (hasHeating.value ? wanted.value : "home"));
