import { batch, computed, signal } from "@preact/signals";
import type { Heating } from "./heatingTypes";
import { openSession } from "./session";
import type { Decision, History, HomeState, Plan } from "./types";

export type Connection = "connecting" | "live" | "offline" | "locked";

export const connection = signal<Connection>("connecting");
/** Wall-clock time of the last sign of life, ms. */
export const lastSeen = signal<number | null>(null);
export const home = signal<HomeState | null>(null);
export const plan = signal<Plan | null>(null);
/** Rooms and floors; null until asked for. */
export const heating = signal<Heating | null>(null);
/** Whether this home has a central system that chargers connect to. */
export const hasCentral = signal(false);
export const history = signal<History | null>(null);
export const decisions = signal<Decision[]>([]);
export const decisionFilter = signal<string | null>(null);

export const zone = computed(() => home.value?.site.timezone ?? "UTC");
export const currency = computed(() => home.value?.site.currency ?? "EUR");

const MAX_DECISIONS = 300;
const HISTORY_S = 24 * 3600;
const WATCHDOG_MS = 30_000;
const REFRESH_MS = 5_000;
const RETRY_MS = 2_000;
export const HEATING_HASH = "#heating";
const HEATING_MS = 2_000;
const HEATING_UNSEEN_MS = 30_000;

export class Locked extends Error {}

export async function get<T>(path: string): Promise<T | null> {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (answer.status === 401) throw new Locked();
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

let latestDecisionRequest = 0;

export async function loadDecisions(): Promise<void> {
  const request = ++latestDecisionRequest;
  const asset = decisionFilter.value;
  const query = asset === null ? "" : `&asset=${encodeURIComponent(asset)}`;
  const found = await get<Decision[]>(`/api/decisions?limit=100${query}`);
  if (request === latestDecisionRequest) decisions.value = found ?? [];
}

async function loadHistory(): Promise<void> {
  const at = home.value?.at;
  if (at === undefined) return;
  const end = new Date(at);
  const slot = 900_000;
  const start = new Date(Math.floor((end.getTime() - HISTORY_S * 1000) / slot) * slot);
  history.value = await get<History>(
    `/api/history?resolution_s=900&start=${start.toISOString()}&end=${end.toISOString()}`,
  );
}

let historyTimer: number | undefined;

/** Not more often than every few seconds, since a simulated day may pass in a minute. */
function refreshHistory(): void {
  historyTimer ??= window.setTimeout(() => {
    historyTimer = undefined;
    loadHistory().catch(onFailure);
  }, REFRESH_MS);
}

let heatingTimer: number | undefined;

/** Asked for with the states of the home, which tell that time has passed, but not with every one. */
function refreshHeating(): void {
  heatingTimer ??= window.setTimeout(
    () => {
      heatingTimer = undefined;
      loadHeating().catch(onFailure);
    },
    location.hash === HEATING_HASH ? HEATING_MS : HEATING_UNSEEN_MS,
  );
}

addEventListener("hashchange", () => {
  if (location.hash !== HEATING_HASH || home.value === null) return;
  clearTimeout(heatingTimer);
  heatingTimer = undefined;
  loadHeating().catch(onFailure);
});

export async function loadHeating(): Promise<void> {
  heating.value = await get<Heating>("/api/heating");
}

async function loadCentral(): Promise<void> {
  hasCentral.value = (await get<{ available: boolean }>("/api/ocpp"))?.available ?? false;
}

export function onFailure(error: unknown): void {
  if (error instanceof Locked) {
    close();
    connection.value = "locked";
  }
  // Anything else: the stream notices a lost connection and loads all again when it is back.
}

let source: EventSource | null = null;
let watchdog: number | undefined;
let retry: number | undefined;

function close(): void {
  source?.close();
  source = null;
  clearTimeout(watchdog);
  clearTimeout(retry);
}

function reconnectLater(): void {
  close();
  connection.value = "offline";
  retry = window.setTimeout(connect, RETRY_MS);
}

/** Comments that keep the stream alive are not visible here, so silence of the states is watched. */
function alive(): void {
  clearTimeout(watchdog);
  watchdog = window.setTimeout(reconnectLater, WATCHDOG_MS);
  lastSeen.value = Date.now();
}

async function loadAll(): Promise<void> {
  const first = await get<HomeState>("/api/state");
  // Asked for only where there is one: the browser reports every 404 in its console.
  const firstPlan = first?.plan ? await get<Plan>("/api/plan") : null;
  batch(() => {
    home.value = first;
    plan.value = firstPlan ?? plan.value;
  });
  await Promise.all([loadCentral(), loadHeating(), loadDecisions(), loadHistory()]);
}

export function connect(): void {
  close();
  const stream = new EventSource("/api/stream");
  source = stream;
  stream.addEventListener("open", () => {
    alive();
    loadAll().catch(onFailure);
  });
  stream.addEventListener("state", (event: MessageEvent<string>) => {
    alive();
    batch(() => {
      home.value = JSON.parse(event.data) as HomeState;
      connection.value = "live";
    });
    refreshHeating();
  });
  stream.addEventListener("plan", (event: MessageEvent<string>) => {
    alive();
    plan.value = JSON.parse(event.data) as Plan;
    refreshHistory();
  });
  stream.addEventListener("decision", (event: MessageEvent<string>) => {
    alive();
    const decision = JSON.parse(event.data) as Decision;
    const filter = decisionFilter.value;
    if (filter === null || filter === decision.asset) {
      decisions.value = [decision, ...decisions.value].slice(0, MAX_DECISIONS);
    }
  });
  stream.addEventListener("error", () => {
    if (connection.value === "locked") return;
    reconnectLater();
    // The stream does not tell why it failed; a refused token is seen here.
    get("/api/state").catch(onFailure);
  });
}

/** Come in with the token; false if it is the wrong one. */
export async function unlock(token: string): Promise<boolean> {
  if (!(await openSession(token))) return false;
  connection.value = "connecting";
  connect();
  return true;
}
