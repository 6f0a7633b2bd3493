import type { Asset, History, HomeState, Plan } from "../types";

/** A series of the power panel: what is shown upwards gives energy, downwards takes it. */
export interface PowerSeries {
  id: string;
  name: string;
  kind: string;
  /** W, upwards positive, one per time. */
  values: (number | null)[];
}

export interface SocSeries {
  id: string;
  name: string;
  kind: string;
  /** Percent, one per time. */
  values: (number | null)[];
}

/** Columns over one run of times: yesterday as measured, then the plan. */
export interface Rows {
  /** Starts of the steps, ms; the last one is the end of the last step. */
  times: number[];
  /** First time that is planned, ms; null without a plan. */
  planFrom: number | null;
  known: (number | null)[];
  forecast: (number | null)[];
  powers: PowerSeries[];
  socs: SocSeries[];
}

interface Step {
  at: number;
  end: number;
  price: number | null;
  priceKnown: boolean;
  power: (id: string, asset: Asset | null) => number | null;
  soc: (id: string) => number | null;
}

function measured(history: History, until: number): Step[] {
  const column = (name: string, i: number): number | null => history.series[name]?.[i] ?? null;
  return history.times
    .map((time, i) => ({ at: Date.parse(time), i }))
    .filter(({ at }) => at < until)
    .map(({ at, i }) => ({
      at,
      end: at + history.resolution_s * 1000,
      price: column("price.import", i),
      priceKnown: true,
      power: (id: string) => column(id, i),
      soc: (id: string) => column(`${id}.soc`, i),
    }));
}

/** Powers that the plan has per asset; PV and what nobody controls it has as one sum each. */
function planned(plan: Plan, firstPv: string | null, firstLoad: string | null): Step[] {
  return plan.slots.map((slot) => ({
    at: Date.parse(slot.start),
    end: Date.parse(slot.end),
    price: slot.import_eur_per_kwh,
    priceKnown: slot.price_known,
    power: (id: string, asset: Asset | null) => {
      if (id === "grid") return slot.grid_w;
      const own = slot.assets[id];
      if (own) return own.power_w;
      if (asset?.kind === "pv") return id === firstPv ? slot.pv_w : 0;
      if (id === firstLoad) return slot.load_w;
      return 0;
    },
    soc: (id: string) => slot.assets[id]?.soc ?? null,
  }));
}

const STACKED = ["pv", "load", "flexible_load", "charge_point", "tank", "heat_pump", "battery"];

export function buildRows(state: HomeState, plan: Plan | null, history: History | null, gridName: string): Rows {
  const entries = Object.entries(state.assets);
  const first = (kind: string): string | null => entries.find(([, asset]) => asset.kind === kind)?.[0] ?? null;
  const ahead = plan ? planned(plan, first("pv"), first("load")) : [];
  const planFrom = ahead[0]?.at ?? null;
  const past = history ? measured(history, planFrom ?? Number.POSITIVE_INFINITY) : [];
  const steps = [...past, ...ahead];
  const last = steps.at(-1);
  // A step is drawn from its start to the next time, so the last one needs an end.
  const drawn = last ? [...steps, { ...last, at: last.end }] : [];

  const has = (values: (number | null)[]): boolean => values.some((value) => value !== null && Math.abs(value) > 1);
  const powers: PowerSeries[] = STACKED.flatMap((kind) =>
    entries
      .filter(([, asset]) => asset.kind === kind)
      .map(([id, asset]) => ({
        id,
        name: asset.name,
        kind,
        values: drawn.map((step) => {
          const value = step.power(id, asset);
          return value === null ? null : -value;
        }),
      })),
  ).filter((series) => has(series.values));
  powers.push({ id: "grid", name: gridName, kind: "grid", values: drawn.map((step) => step.power("grid", null)) });

  const socs = entries
    .filter(([, asset]) => asset.kind === "battery" || asset.kind === "charge_point")
    .map(([id, asset]) => ({
      id,
      name: asset.name,
      kind: asset.kind,
      values: drawn.map((step) => {
        const share = step.soc(id);
        return share === null ? null : share * 100;
      }),
    }))
    .filter((series) => series.values.some((value) => value !== null));

  const prices = drawn.map((step) => step.price);
  const isKnown = drawn.map((step) => step.priceKnown);
  return {
    times: drawn.map((step) => step.at),
    planFrom,
    known: prices.map((value, i) => (isKnown[i] ? value : null)),
    // One step of overlap, so that the dashed line begins where the solid one ends.
    forecast: prices.map((value, i) => (!isKnown[i] || isKnown[i + 1] === false ? value : null)),
    powers,
    socs,
  };
}
