/** State of the simulator's page: asked for each second while it is seen. */
import { batch, computed, signal } from "@preact/signals";
import { t } from "./i18n";
import { openSession } from "./session";
import type { LoggedMessage, SimulatedCharger, SimulatorInfo, Way } from "./simulatorTypes";

const POLL_MS = 1_000;
const ROOT = "/api/simulator";

export type Link = "connecting" | "live" | "offline" | "locked";

export const link = signal<Link>("connecting");
export const info = signal<SimulatorInfo | null>(null);
export const simulated = signal<SimulatedCharger[]>([]);
export const messages = signal<LoggedMessage[]>([]);
export const filter = signal("");
export const way = signal<Way | "">("");

const wanted = signal<string | null>(null);
/** The charger whose log is shown; buttons and scripts go to it, or to all. */
export const chosen = computed<SimulatedCharger | null>(
  () => simulated.value.find((one) => one.id === wanted.value) ?? simulated.value[0] ?? null,
);
export const toAll = signal(true);
/** What `chargers` of a request is: null means all. */
export const target = computed<string[] | null>(() =>
  toAll.value || chosen.value === null ? null : [chosen.value.id],
);

class Refused extends Error {}
class Locked extends Error {}

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(ROOT + path, {
    method,
    headers: { accept: "application/json", ...(body && { "content-type": "application/json" }) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (answer.status === 401) throw new Locked();
  const found = answer.status === 204 ? {} : ((await answer.json()) as { detail?: string });
  if (!answer.ok) throw new Refused((found as { detail?: string }).detail ?? `${answer.status}`);
  return found as T;
}

function failed(error: unknown): void {
  if (error instanceof Locked) link.value = "locked";
  else if (!(error instanceof Refused)) link.value = "offline";
}

async function loadLog(): Promise<void> {
  const id = chosen.value?.id;
  if (id === undefined) {
    messages.value = [];
    return;
  }
  const query = new URLSearchParams({ contains: filter.value, ...(way.value && { way: way.value }) });
  const asked = query.toString();
  const found = await ask<LoggedMessage[]>("GET", `/chargers/${encodeURIComponent(id)}/log?${asked}`);
  // Somebody may have chosen another charger or filter meanwhile; the next answer is for that.
  if (id === chosen.value?.id && query.get("contains") === filter.value) messages.value = found;
}

export async function refresh(): Promise<void> {
  info.value ??= await ask<SimulatorInfo>("GET", "");
  const all = await ask<SimulatedCharger[]>("GET", "/chargers");
  batch(() => {
    simulated.value = all;
    link.value = "live";
  });
  await loadLog();
}

export function choose(id: string): void {
  batch(() => {
    wanted.value = id;
    messages.value = [];
  });
  loadLog().catch(failed);
}

export function find(words: string, only: Way | ""): void {
  batch(() => {
    filter.value = words;
    way.value = only;
  });
  loadLog().catch(failed);
}

async function poll(): Promise<void> {
  if (!document.hidden && link.value !== "locked") await refresh().catch(failed);
  window.setTimeout(() => void poll(), POLL_MS);
}

export function start(): void {
  void poll();
}

/** Ask for a change; a sentence that says what went wrong, empty where nothing did. */
async function change(
  method: string,
  path: string,
  body: object | undefined,
  trouble: (answer: { failed?: Record<string, string> }) => string = () => "",
): Promise<string> {
  try {
    const answer = await ask<{ failed?: Record<string, string> }>(method, path, body);
    return trouble(answer);
  } catch (error) {
    failed(error);
    return error instanceof Refused ? error.message : t.simulator.unreachable;
  } finally {
    refresh().catch(failed);
  }
}

export const add = (wish: object): Promise<string> => change("POST", "/chargers", wish);
export const remove = (id: string): Promise<string> =>
  change("DELETE", `/chargers/${encodeURIComponent(id)}`, undefined);
export const removeAll = (): Promise<string> => change("DELETE", "/chargers", undefined);
export const act = (action: string, args: object): Promise<string> =>
  change("POST", "/actions", { do: action, arguments: args, chargers: target.value }, (answer) => {
    const all = Object.values(answer.failed ?? {});
    return all.length === 0 ? "" : t.simulator.actions.failed(all.length, all[0] ?? "");
  });
export const runScript = (source: string, file: string): Promise<string> =>
  change("PUT", "/script", { source, file, chargers: target.value });
export const stopScript = (): Promise<string> => change("POST", "/script/stop", { chargers: target.value });

/** Come in with the token; false if it is the wrong one. */
export async function unlock(token: string): Promise<boolean> {
  if (!(await openSession(token))) return false;
  link.value = "connecting";
  await refresh();
  return true;
}
