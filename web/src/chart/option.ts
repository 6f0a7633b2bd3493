import type { EChartsCoreOption } from "echarts/core";
import * as f from "../format";
import { t } from "../i18n";
import type { PowerSeries, Rows, SocSeries } from "./rows";

export interface Look {
  font: string;
  text: string;
  muted: string;
  rule: string;
  surface: string;
  price: string;
  shade: string;
  color: (kind: string, index: number) => string;
}

export interface Scene {
  rows: Rows;
  now: number;
  zone: string;
  currency: string;
  narrow: boolean;
  hidden: ReadonlySet<string>;
  look: Look;
}

type Series = Record<string, unknown>;

const pairs = (times: number[], values: (number | null)[]): [number, number | null][] =>
  times.map((at, i) => [at, values[i] ?? null]);

/** Times of the site's own clock at which a label stands: every 3, 6 or 12 hours. */
function ticks(from: number, to: number, zone: string, hours: number): number[] {
  const out: number[] = [];
  const quarter = 900_000;
  for (let at = Math.ceil(from / quarter) * quarter; at <= to; at += quarter) {
    const { hour, minute } = f.localHour(at, zone);
    if (minute === 0 && hour % hours === 0) out.push(at);
  }
  return out;
}

/** Colours of one kind are made different by their place among their kind. */
function colored<T extends PowerSeries | SocSeries>(series: T[], look: Look): { series: T; color: string }[] {
  const seen = new Map<string, number>();
  return series.map((one) => {
    const index = seen.get(one.kind) ?? 0;
    seen.set(one.kind, index + 1);
    return { series: one, color: look.color(one.kind, index) };
  });
}

function priceSeries(scene: Scene): Series[] {
  const { rows, look } = scene;
  const line = (id: string, values: (number | null)[], type: string): Series => ({
    id,
    type: "line",
    xAxisIndex: 0,
    yAxisIndex: 0,
    step: "end",
    symbol: "none",
    data: pairs(rows.times, values),
    lineStyle: { color: look.price, width: 1.8, type },
    areaStyle: { color: look.price, opacity: type === "solid" ? 0.12 : 0.05 },
    silent: true,
  });
  return [line("price.known", rows.known, "solid"), line("price.forecast", rows.forecast, "dashed")];
}

function powerSeries(scene: Scene): Series[] {
  const { rows, look, hidden } = scene;
  return colored(rows.powers, look)
    .filter(({ series }) => !hidden.has(series.id))
    .map(({ series, color }) => ({
      id: `power.${series.id}`,
      type: "line",
      xAxisIndex: 1,
      yAxisIndex: 1,
      stack: "power",
      step: "end",
      symbol: "none",
      silent: true,
      data: pairs(
        rows.times,
        series.values.map((watts) => (watts === null ? null : watts / 1000)),
      ),
      lineStyle: { width: 0 },
      areaStyle: { color, opacity: series.kind === "grid" ? 0.55 : 0.88 },
    }));
}

function socSeries(scene: Scene): Series[] {
  const { rows, look, hidden } = scene;
  return colored(rows.socs, look)
    .filter(({ series }) => !hidden.has(series.id))
    .map(({ series, color }) => ({
      id: `soc.${series.id}`,
      type: "line",
      xAxisIndex: 2,
      yAxisIndex: 2,
      symbol: "none",
      silent: true,
      data: pairs(rows.times, series.values),
      lineStyle: { color, width: 2.2 },
    }));
}

/** The line of the present, and the ground under what is already past. */
export function nowMarks(now: number, from: number, look: Look, label: string): Series[] {
  return [0, 1, 2].map((index) => ({
    id: `now.${index}`,
    type: "line",
    xAxisIndex: index,
    yAxisIndex: index,
    data: [],
    silent: true,
    markLine: {
      animation: false,
      silent: true,
      symbol: "none",
      label: { show: index === 0, formatter: label, color: look.text, fontWeight: 600, position: "end", distance: 3 },
      lineStyle: { color: look.text, width: 1.4, type: "solid" },
      data: [{ xAxis: now }],
    },
    markArea: {
      animation: false,
      silent: true,
      itemStyle: { color: look.shade },
      data: [[{ xAxis: from }, { xAxis: now }]],
    },
  }));
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function tooltip(scene: Scene, at: number): HTMLElement | string {
  const { rows, zone, currency, look } = scene;
  let i = rows.times.findLastIndex((time) => time <= at);
  if (i === rows.times.length - 1) i -= 1;
  const start = rows.times[i];
  const end = rows.times[i + 1];
  if (start === undefined || end === undefined) return "";
  const box = element("div", "tip");
  const phase = rows.planFrom !== null && start >= rows.planFrom ? t.chart.planned : t.chart.measured;
  box.append(
    element("strong", "", `${f.day(start, zone)}, ${f.clockTime(start, zone)}–${f.clockTime(end, zone)}`),
    element("span", "tip-phase", phase),
  );
  const row = (name: string, value: string, color: string): void => {
    const line = element("div", "tip-row");
    const swatch = element("span", "tip-swatch");
    swatch.style.background = color;
    line.append(swatch, element("span", "tip-name", name), element("span", "tip-value", value));
    box.append(line);
  };
  const known = rows.known[i] ?? null;
  const price = known ?? rows.forecast[i] ?? null;
  if (price !== null) row(known === null ? t.chart.priceForecast : t.chart.price, f.price(price, currency), look.price);
  for (const { series, color } of colored(rows.powers, look)) {
    const watts = series.values[i];
    if (watts != null && Math.abs(watts) >= 1 && !scene.hidden.has(series.id)) row(series.name, f.power(watts), color);
  }
  for (const { series, color } of colored(rows.socs, look)) {
    const share = series.values[i + 1] ?? series.values[i];
    if (share != null && !scene.hidden.has(series.id)) row(`${series.name} · ${t.chart.soc}`, `${Math.round(share)} %`, color);
  }
  return box;
}

const PANELS = [
  { top: 34, height: 62 },
  { top: 128, height: 190 },
  { top: 350, height: 64 },
] as const;

function axes(scene: Scene): Pick<EChartsCoreOption, "grid" | "xAxis" | "yAxis"> {
  const { rows, look, zone, narrow } = scene;
  const min = rows.times[0] ?? scene.now;
  const max = rows.times.at(-1) ?? scene.now;
  // A label at the very edge would be cut off.
  const edge = (max - min) * (narrow ? 0.05 : 0.015);
  const at = ticks(min, max - edge, zone, narrow ? 12 : 6);
  const label = (value: number): string => {
    const { hour } = f.localHour(value, zone);
    if (hour !== 0) return f.clockTime(value, zone);
    return `{day|${narrow ? f.weekday(value, zone) : f.day(value, zone)}}`;
  };
  const xAxis = PANELS.map((_, i) => ({
    type: "time",
    gridIndex: i,
    min,
    max,
    axisLine: { show: i === 1, onZero: i === 1, lineStyle: { color: look.muted } },
    axisTick: { show: false },
    splitLine: { show: true, lineStyle: { color: look.rule } },
    axisLabel: {
      show: i === 2,
      customValues: at,
      formatter: label,
      color: look.muted,
      fontSize: 11,
      hideOverlap: true,
      rich: { day: { color: look.text, fontWeight: 600, fontSize: 11 } },
    },
    axisPointer: { label: { show: false }, lineStyle: { color: look.muted } },
  }));
  for (const axis of xAxis) Object.assign(axis.axisTick, { customValues: at });
  const cents = scene.currency === "EUR";
  const yLabel = { color: look.muted, fontSize: 11, hideOverlap: true };
  const yAxis = [
    {
      name: `${t.chart.price}, ${cents ? "ct" : scene.currency}/kWh`,
      splitNumber: 2,
      axisLabel: { ...yLabel, formatter: (value: number) => String(cents ? Math.round(value * 100) : value) },
    },
    { name: `${t.chart.power}, kW`, splitNumber: 4, axisLabel: { ...yLabel, formatter: (v: number) => String(Math.abs(v)) } },
    { name: `${t.chart.soc}, %`, min: 0, max: 100, interval: 50, axisLabel: yLabel },
  ].map((axis, i) => ({
    type: "value",
    gridIndex: i,
    nameLocation: "end",
    // Above the first panel stands the word "now" too, and in the first hours at its very left.
    nameGap: i === 0 ? 21 : 9,
    nameTextStyle: { color: look.muted, align: "left", padding: [0, 0, 0, narrow ? -24 : -30], fontSize: 11.5 },
    splitLine: { lineStyle: { color: look.rule } },
    ...axis,
  }));
  const grid = PANELS.map((panel) => ({ ...panel, left: narrow ? 30 : 40, right: narrow ? 8 : 14 }));
  return { grid, xAxis, yAxis };
}

export function buildOption(scene: Scene): EChartsCoreOption {
  const { rows, look } = scene;
  return {
    animation: false,
    textStyle: { fontFamily: look.font, color: look.text },
    ...axes(scene),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: {
      trigger: "axis",
      confine: true,
      className: "chart-tip",
      backgroundColor: look.surface,
      borderColor: look.rule,
      padding: 0,
      textStyle: { color: look.text, fontSize: 12 },
      formatter: (hits: { axisValue: number }[] | { axisValue: number }) => {
        const hit = Array.isArray(hits) ? hits[0] : hits;
        return hit ? tooltip(scene, hit.axisValue) : "";
      },
    },
    series: [
      ...priceSeries(scene),
      ...powerSeries(scene),
      ...socSeries(scene),
      ...nowMarks(scene.now, rows.times[0] ?? scene.now, look, t.chart.now),
    ],
  };
}
