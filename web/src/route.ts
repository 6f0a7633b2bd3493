import { computed, signal } from "@preact/signals";
import { hasCentral, heating, HEATING_HASH } from "./store";

export type View = "home" | "heating" | "chargers";

const VIEWS: Record<string, View> = {
  "": "home",
  "#home": "home",
  [HEATING_HASH]: "heating",
  "#chargers": "chargers",
};

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

/** The pages of this home; the overview is always there. */
export const pages = computed<View[]>(() => [
  "home",
  ...(hasHeating.value ? (["heating"] as const) : []),
  ...(hasCentral.value ? (["chargers"] as const) : []),
]);

export const view = computed<View>(() => (pages.value.includes(wanted.value) ? wanted.value : "home"));
