import * as f from "../format";
import { t } from "../i18n";
import { narrow } from "../media";
import { home } from "../store";
import type { HomeState } from "../types";
import { householdPower, layout, type Node } from "./flowLayout";
import { IconShape } from "./Icons";

/** Below this a line rests: meters tremble by some watts. */
const QUIET_W = 15;
/** What a heat pump takes without heating. */
const STANDBY_W = 200;
const FULL_W = 9000;
/** Distance of the moving dots, px of the drawing. */
const DASH = 16;

const share = (watts: number): number => Math.sqrt(Math.min(1, Math.abs(watts) / FULL_W));

/** In steps, because a new duration makes a running animation jump. */
function duration(watts: number): string {
  const step = Math.round(share(watts) * 5) / 5;
  return `${(DASH / (14 + 46 * step)).toFixed(2)}s`;
}

function describe(node: Node): string {
  const watts = node.power ?? 0;
  const moving = Math.abs(watts) >= QUIET_W;
  if (node.kind === "grid") return moving ? (watts > 0 ? t.flow.importing : t.flow.exporting) : "";
  if (node.kind === "battery") return moving ? (watts > 0 ? t.flow.charging : t.flow.discharging) : "";
  return "";
}

function Line({ node, power }: { node: Node; power: number }) {
  if (!node.path) return null;
  const moving = Math.abs(power) >= QUIET_W;
  const width = 2.2 + 4.2 * share(power);
  return (
    <g class={`line kind-${node.kind}`}>
      <path d={node.path} class="track" style={{ strokeWidth: moving ? width : 2 }} />
      {moving && (
        <path
          d={node.path}
          class={power > 0 ? "dots to-node" : "dots to-home"}
          style={{ strokeWidth: width, animationDuration: duration(power) }}
        />
      )}
    </g>
  );
}

function Ring({ node }: { node: Node }) {
  const length = 2 * Math.PI * node.r;
  return (
    <>
      <circle cx={node.x} cy={node.y} r={node.r} class={node.soc === null ? "disc" : "disc with-ring"} />
      {node.soc !== null && (
        <circle
          cx={node.x}
          cy={node.y}
          r={node.r}
          class="ring"
          stroke-dasharray={`${length * node.soc} ${length}`}
          transform={`rotate(-90 ${node.x} ${node.y})`}
        />
      )}
    </>
  );
}

/** Names are as long as people like; the circles stand where they stand. */
function shorten(name: string, width: number): string {
  const most = Math.floor(width / 6.6);
  return name.length <= most ? name : `${name.slice(0, most - 1).trimEnd()}…`;
}

function roomText(state: HomeState): string {
  const known = Object.values(state.assets)
    .filter((asset) => asset.kind === "room")
    .map((asset) => asset.temperature_c)
    .filter((value) => value !== null);
  if (known.length === 0) return t.unknown;
  return f.temperature(known.reduce((sum, value) => sum + value, 0) / known.length);
}

function Circle({ node, state }: { node: Node; state: HomeState }) {
  const { asset, text } = node;
  const gone = asset !== null && (!asset.online || asset.fault !== null);
  const away = asset?.kind === "charge_point" && asset.connected === false;
  const value =
    node.id === "rooms"
      ? roomText(state)
      : away
        ? t.flow.away
        : node.power === null
          ? t.flow.noValue
          : f.power(Math.abs(node.power));
  const quiet = node.id !== "rooms" && Math.abs(node.power ?? 0) < QUIET_W;
  const extra = node.kind === "tank" && asset?.temperature_c != null ? f.temperature(asset.temperature_c, 0) : "";
  const detail = describe(node) || extra;
  const inside = node.soc === null ? 1.15 : 0.9;
  const size = node.r * inside;
  return (
    <g class={`node kind-${node.kind}${quiet ? " quiet" : ""}${gone ? " gone" : ""}`}>
      <Ring node={node} />
      <svg
        x={node.x - size / 2}
        y={node.y - size / 2 - (node.soc === null ? 0 : node.r * 0.22)}
        width={size}
        height={size}
        viewBox="0 0 24 24"
        class="glyph"
      >
        <IconShape name={node.kind} />
      </svg>
      {node.soc !== null && (
        <text x={node.x} y={node.y + node.r * 0.62} text-anchor="middle" class="soc">
          {f.percent(node.soc)}
        </text>
      )}
      <text x={text.x} y={text.y} text-anchor={text.anchor} class={away ? "value small-value" : "value"}>
        {value}
      </text>
      <text x={text.x} y={text.y + 17} text-anchor={text.anchor} class="name">
        {shorten(node.name, node.width)}
        {detail && text.anchor === "middle" ? (narrow.value ? "" : ` · ${detail}`) : ""}
      </text>
      {narrow.value && detail && text.anchor === "middle" && (
        <text x={text.x} y={text.y + 32} text-anchor="middle" class="name">
          {detail}
        </text>
      )}
    </g>
  );
}

function summary(nodes: Node[], household: number | null): string {
  const parts = nodes
    .filter((node) => node.id !== "rooms")
    .map((node) => {
      return `${node.name}: ${f.power(node.power === null ? null : Math.abs(node.power))} ${describe(node)}`.trim();
    });
  return [t.flow.summary, `${t.flow.home}: ${f.power(household)}`, ...parts].join(" ");
}

export function Flow() {
  const state = home.value;
  if (!state) return null;
  const { width, height, hub, nodes } = layout(state, narrow.value);
  const household = householdPower(state);
  const pumps = nodes.filter((node) => node.kind === "heat_pump").reduce((sum, node) => sum + (node.power ?? 0), 0);
  const heat = pumps > STANDBY_W ? pumps : 0;
  const linePower = (node: Node): number => (node.id === "rooms" ? heat : (node.power ?? 0));
  return (
    <section class="card flow" aria-labelledby="flow-title">
      <h2 id="flow-title">{t.flow.title}</h2>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary(nodes, household)}>
        {nodes.map((node) => (
          <Line key={node.id} node={node} power={linePower(node)} />
        ))}
        <g class="hub kind-load">
          <circle cx={hub.x} cy={hub.y} r={hub.r} class="disc" />
          <svg
            x={hub.x - hub.r * 0.36}
            y={hub.y - hub.r * 0.78}
            width={hub.r * 0.72}
            height={hub.r * 0.72}
            viewBox="0 0 24 24"
            class="glyph"
          >
            <IconShape name="load" />
          </svg>
          <text x={hub.x} y={hub.y + hub.r * 0.26} text-anchor="middle" class="value">
            {f.power(household)}
          </text>
          <text x={hub.x} y={hub.y + hub.r * 0.56} text-anchor="middle" class="name">
            {t.flow.home}
          </text>
        </g>
        {nodes.map((node) => (
          <Circle key={node.id} node={node} state={state} />
        ))}
      </svg>
    </section>
  );
}
