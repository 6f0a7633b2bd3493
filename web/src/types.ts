/** The API's answers; see /docs. Load convention: into the asset is positive, PV is at most 0. */

export type AssetKind =
  | "pv"
  | "battery"
  | "charge_point"
  | "tank"
  | "heat_pump"
  | "room"
  | "load"
  | "flexible_load";
export type Quality = "good" | "stale" | "missing" | "invalid";

export interface Asset {
  kind: AssetKind;
  name: string;
  power_w: number | null;
  quality: Quality;
  online: boolean;
  fault: string | null;
  soc: number | null;
  temperature_c: number | null;
  target_c: number | null;
  connected: boolean | null;
  charging: boolean | null;
  departure: string | null;
  setpoint_w: number | null;
  reason: string | null;
  reason_code: string | null;
}

export interface PricePoint {
  start: string;
  end: string;
  import_eur_per_kwh: number;
  export_eur_per_kwh: number;
  known: boolean;
}

export interface HomeState {
  at: string;
  mode: "demo" | "run";
  site: { name: string; timezone: string; currency: string };
  clock: { speed: number; simulated: boolean };
  grid: { power_w: number | null; phases_w: [number, number, number] | null; quality: Quality };
  assets: Record<string, Asset>;
  powers_w: Record<string, number | null>;
  outdoor_c: number | null;
  tariff: {
    name: string;
    import_eur_per_kwh: number | null;
    export_eur_per_kwh: number | null;
    next: PricePoint[];
  } | null;
  today: {
    import_kwh: number;
    export_kwh: number;
    pv_kwh: number;
    load_kwh: number;
    cost_eur: number;
    baseline_cost_eur: number | null;
    saved_eur: number | null;
  } | null;
  total: {
    since: string;
    cost_eur: number;
    baseline_cost_eur: number | null;
    saved_eur: number | null;
  } | null;
  plan: { made_at: string; status: string; trigger: string | null } | null;
  warnings: { code: string; message: string }[];
}

export interface PlanAsset {
  power_w: number;
  import_w: number;
  energy_kwh: number | null;
  energy_low_kwh: number | null;
  energy_high_kwh: number | null;
  value_eur_per_kwh: number;
  soc: number | null;
}

export interface PlanSlot {
  start: string;
  end: string;
  import_eur_per_kwh: number;
  export_eur_per_kwh: number;
  price_known: boolean;
  pv_w: number;
  load_w: number;
  grid_w: number;
  outdoor_c: number | null;
  assets: Record<string, PlanAsset>;
}

export interface Plan {
  id: string;
  made_at: string;
  trigger: string | null;
  expected_cost_eur: number;
  solver: { status: string; gap: number; duration_s: number; columns: number; rows: number } | null;
  slots: PlanSlot[];
}

export interface Decision {
  at: string;
  asset: string;
  asset_name: string;
  setpoint_w: number;
  previous_w: number | null;
  code: string;
  limit: string | null;
  sentence: string;
  review_at: string | null;
}

export interface History {
  start: string;
  end: string;
  resolution_s: number;
  times: string[];
  series: Record<string, (number | null)[]>;
}
