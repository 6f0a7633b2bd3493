import { t } from "../i18n";
import type { Asset, HomeState } from "../types";

/** One circle of the power flow. `power` in load convention, W. */
export interface Node {
  id: string;
  kind: string;
  name: string;
  power: number | null;
  soc: number | null;
  asset: Asset | null;
  x: number;
  y: number;
  r: number;
  /** Room for its text. */
  width: number;
  /** Path from the node to the home. */
  path: string;
  /** Where the text stands. */
  text: { x: number; y: number; anchor: "start" | "middle" | "end" };
}

export interface Layout {
  width: number;
  height: number;
  hub: { x: number; y: number; r: number };
  nodes: Node[];
}

interface Frame {
  width: number;
  hub: { x: number; y: number; r: number };
  top: number;
  side: number;
  bottom: number;
  perRow: number;
  r: number;
  foot: number;
  /** Baseline of the side nodes' text, from their centre: below, or above where lines pass below. */
  sideText: number;
}

const WIDE: Frame = {
  width: 760,
  hub: { x: 380, y: 196, r: 62 },
  top: 48,
  side: 104,
  bottom: 344,
  perRow: 6,
  r: 34,
  foot: 66,
  sideText: 54,
};
const NARROW: Frame = {
  width: 344,
  hub: { x: 172, y: 172, r: 50 },
  top: 40,
  side: 44,
  bottom: 300,
  perRow: 5,
  r: 27,
  foot: 76,
  sideText: -68,
};

/** Power of what is behind the meter and has no device of its own, W. */
export function householdPower(state: HomeState): number | null {
  const loads = Object.entries(state.assets).filter(([, asset]) => asset.kind === "load");
  if (loads.length > 0) {
    const known = loads.map(([id]) => state.powers_w[id]).filter((power) => power != null);
    return known.length > 0 ? known.reduce((sum, power) => sum + power, 0) : null;
  }
  if (state.grid.power_w === null) return null;
  const measured = Object.keys(state.assets).reduce((sum, id) => sum + (state.powers_w[id] ?? 0), 0);
  return state.grid.power_w - measured;
}

type Content = Pick<Node, "id" | "kind" | "name" | "power" | "soc" | "asset">;

function single(id: string, asset: Asset, state: HomeState): Content {
  return { id, kind: asset.kind, name: asset.name, power: state.powers_w[id] ?? null, soc: asset.soc, asset };
}

/** Assets of one kind in one circle; their charge has no sum, it is on the cards. */
function together(kind: string, assets: [string, Asset][], state: HomeState): Content {
  const known = assets.map(([id]) => state.powers_w[id]).filter((power) => power != null);
  const power = known.length > 0 ? known.reduce((sum, watts) => sum + watts, 0) : null;
  return { id: `all ${kind}`, kind, name: t.flow.many[kind] ?? kind, power, soc: null, asset: null };
}

/** One circle each where there is room for that many, else one for all. */
function contents(kind: string, state: HomeState, room: number): Content[] {
  const assets = Object.entries(state.assets).filter(([, asset]) => asset.kind === kind);
  if (assets.length > room) return [together(kind, assets, state)];
  return assets.map(([id, asset]) => single(id, asset, state));
}

/** What uses energy, left to right; the heat pump stands beside the rooms that it warms. */
const USERS = ["charge_point", "tank", "flexible_load", "heat_pump"];

function users(state: HomeState, most: number): Content[] {
  const rooms: Content[] = Object.values(state.assets).some((asset) => asset.kind === "room")
    ? [{ id: "rooms", kind: "room", name: t.flow.rooms, power: null, soc: null, asset: null }]
    : [];
  const each = [...USERS.flatMap((kind) => contents(kind, state, most)), ...rooms];
  return each.length <= most ? each : [...USERS.flatMap((kind) => contents(kind, state, 1)), ...rooms];
}

/** Place every asset: sun above, grid left, battery right, what uses energy below. */
export function layout(state: HomeState, isNarrow: boolean): Layout {
  const frame = isNarrow ? NARROW : WIDE;
  const { hub, r } = frame;
  const nodes: Node[] = [];

  const suns = contents("pv", state, isNarrow ? 1 : 3);
  suns.forEach((sun, i) => {
    const x = hub.x + (i - (suns.length - 1) / 2) * 200;
    const y = frame.top;
    const path = `M${x} ${y + r}C${x} ${y + r + 30} ${hub.x} ${hub.y - hub.r - 34} ${hub.x} ${hub.y - hub.r}`;
    nodes.push({ ...sun, x, y, r, width: 150, path, text: { x: x + r + 10, y: y - 3, anchor: "start" } });
  });

  const grid: Content = {
    id: "grid",
    kind: "grid",
    name: t.flow.grid,
    power: state.grid.power_w,
    soc: null,
    asset: null,
  };
  const sides: [Content, number][] = [[grid, frame.side]];
  for (const battery of contents("battery", state, 1)) sides.push([battery, frame.width - frame.side]);
  for (const [content, x] of sides) {
    const toward = Math.sign(hub.x - x);
    const path = `M${x + toward * r} ${hub.y}L${hub.x - toward * hub.r} ${hub.y}`;
    const text = { x, y: hub.y + frame.sideText, anchor: "middle" } as const;
    nodes.push({ ...content, x, y: hub.y, r, width: 2 * frame.side, path, text });
  }

  const below = users(state, frame.perRow);
  const cell = frame.width / below.length;
  below.forEach((user, i) => {
    const x = cell * (i + 0.5);
    const y = frame.bottom;
    const spread = (x - hub.x) / frame.width;
    const endX = hub.x + spread * hub.r * 1.5;
    const endY = hub.y + Math.sqrt(Math.max(0, hub.r ** 2 - (endX - hub.x) ** 2));
    const path = `M${x} ${y - r}C${x} ${y - r - 46} ${endX + spread * 60} ${endY + 46} ${endX} ${endY}`;
    nodes.push({ ...user, x, y, r, width: cell, path, text: { x, y: y + r + 19, anchor: "middle" } });
  });

  // Rooms take their warmth from the heat pump and not from the home's wires.
  const warm = nodes.find((n) => n.id === "rooms");
  const pump = nodes.findLast((n) => n.kind === "heat_pump");
  if (warm) warm.path = pump ? `M${warm.x - warm.r} ${warm.y}L${pump.x + pump.r} ${pump.y}` : "";
  return { width: frame.width, height: frame.bottom + r + frame.foot - 20, hub, nodes };
}
