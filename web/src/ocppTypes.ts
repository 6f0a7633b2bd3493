/** The answers under /api/ocpp. Power in W, registers in Wh, shares 0..1; times are UTC. */

export interface Connector {
  /** 0 is the charger as a whole. */
  id: number;
  status: string;
  error_code: string;
  info: string | null;
  status_at: string | null;
  transaction_id: number | null;
  power_w: number | null;
  energy_wh: number | null;
  soc: number | null;
  measured_at: string | null;
}

export interface Charger {
  identity: string;
  adopted: boolean;
  connected: boolean;
  vendor: string;
  model: string;
  serial: string;
  firmware: string;
  first_seen: string | null;
  last_seen: string | null;
  booted_at: string | null;
  connectors: Connector[];
}

export interface ChargingSession {
  id: number;
  identity: string;
  connector: number;
  id_tag: string;
  accepted: boolean;
  started_at: string;
  stopped_at: string | null;
  reason: string | null;
  energy_kwh: number;
  priced_kwh: number;
  cost_eur: number | null;
  solar_share: number | null;
  soc: number | null;
}

export interface CurvePoint {
  at: string;
  energy_wh: number | null;
  power_w: number | null;
  soc: number | null;
}

export interface ChargerEvent {
  at: string;
  kind: string;
  text: string;
}

export interface Tag {
  id_tag: string;
  name: string;
  blocked: boolean;
}

/** A JSON schema, as far as the payloads of OCPP 1.6 use it. */
export interface Schema {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: Schema;
  enum?: string[];
  maxLength?: number;
  format?: string;
  multipleOf?: number;
}

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Payload = Record<string, Json>;

export interface ConfigurationKey {
  key: string;
  readonly: boolean;
  value?: string;
}
