/** What /api/simulator answers with; its description is at /docs. */
export type Protocol = "ocpp16" | "ykc";
export type Way = "out" | "in" | "event";

export interface SimulatorInfo {
  url: string | null;
  max_chargers: number;
  scenarios: { name: string; summary: string }[];
  actions: string[];
  faults: string[];
}

export interface SimulatedConnector {
  id: number;
  status: string;
  plugged: boolean;
  in_order: boolean;
  power_w: number;
  energy_kwh: number;
  soc: number | null;
}

export interface SimulatedCharger {
  id: string;
  protocol: Protocol;
  url: string;
  scenario: string;
  registered: boolean;
  messages: number;
  script: string | null;
  script_error: string | null;
  connectors: SimulatedConnector[];
}

export interface LoggedMessage {
  number: number;
  at: string;
  way: Way;
  text: string;
}
