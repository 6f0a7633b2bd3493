/** The answer of /api/heating. Temperatures in °C, differences in K. */

export type RoomState = "IDLE" | "HEATING" | "COOLDOWN" | "VENT" | "ERROR";
export type FloorName = "GF" | "FF";
export type FloorsState = "OFF_LOCKOUT" | "OFF" | "HEAT_GF" | "HEAT_FF" | "DHW_QUOTA";

export interface Valve {
  id: string;
  enabled: boolean;
  available: boolean;
  wanted: "open" | "shut" | null;
  setpoint_c: number | null;
  follows: boolean;
}

export interface HeatingCycle {
  started_at: string;
  mode: "LEARNING" | "LEARNED" | "LONG RISE" | "POST-VENT";
  start_c: number;
  target_c: number;
  elapsed_s: number;
  planned_s: number | null;
  stopped_at: string | null;
  peak_c: number | null;
  invalid: string | null;
}

export interface PastCycle {
  ended_at: string;
  duration_s: number;
  overshoot_k: number | null;
  valid: boolean;
  invalid: string | null;
}

export interface Learning {
  complete: boolean;
  valid_cycles: number;
  needed_cycles: number;
  avg_duration_s: number | null;
  time_offset_s: number | null;
  s_per_k: number | null;
  overshoot_k: number | null;
}

export interface RadiatorRoom {
  id: string;
  name: string;
  state: RoomState;
  reason: string;
  since: string | null;
  next_at: string | null;
  target_c: number | null;
  measured_c: number | null;
  window_open: boolean;
  post_vent: boolean;
  valves: Valve[];
  cycle: HeatingCycle | null;
  last_cycles: PastCycle[];
  learning: Learning;
  problems: { code: string; subject: string; message: string }[];
}

export interface FloorRoom {
  id: string;
  name: string;
  floor: FloorName;
  available: boolean;
  off: boolean;
  measured_c: number | null;
  setpoint_c: number | null;
  target_c: number | null;
  priority: number;
  open: boolean;
  heating: boolean;
  heating_min: number;
  cooldown_until: string | null;
  unmanaged_until: string | null;
}

export interface Floors {
  state: FloorsState;
  reason: string;
  reason_code: string;
  since: string | null;
  floor: FloorName | null;
  pump_on: boolean | null;
  outdoor_c: number | null;
  quota_min: number;
  quota_remaining_min: number;
  pump_on_min_today: number;
  pump_starts_today: number;
  min_on_left_s: number;
  min_off_left_s: number;
  floor_hold_left_s: number;
  off_window: [string, string] | null;
  rooms: FloorRoom[];
}

export interface Heating {
  at: string;
  floors: Floors | null;
  radiators: RadiatorRoom[];
}
