import { computed, signal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Drawing } from "../chart/draw";
import type { Look, Scene } from "../chart/option";
import { buildRows } from "../chart/rows";
import * as f from "../format";
import { t } from "../i18n";
import { narrow } from "../media";
import { currency, history, home, plan, zone } from "../store";
import { theme } from "../theme";

const hidden = signal<ReadonlySet<string>>(new Set());
/** The line of the present moves by a pixel in some minutes; more often is wasted. */
const NOW_STEP_MS = 120_000;

/** The assets do not change while the page is open; their values do, and are not needed here. */
const assetsKey = computed(() => {
  const assets = home.value?.assets ?? {};
  return Object.entries(assets)
    .map(([id, asset]) => `${id} ${asset.kind} ${asset.name}`)
    .join("\n");
});
const rows = computed(() => {
  assetsKey.value;
  const state = home.peek();
  return state === null ? null : buildRows(state, plan.value, history.value, t.flow.grid);
});
const now = computed(() => {
  const at = home.value ? Date.parse(home.value.at) : 0;
  return Math.floor(at / NOW_STEP_MS) * NOW_STEP_MS;
});

function readLook(): Look {
  const style = getComputedStyle(document.documentElement);
  const get = (name: string): string => style.getPropertyValue(name).trim();
  return {
    font: style.fontFamily,
    text: get("--text"),
    muted: get("--muted"),
    rule: get("--rule"),
    surface: get("--surface"),
    price: get("--price"),
    shade: get("--shade"),
    color: (kind, index) => get(index === 0 ? `--${kind}` : `--${kind}-${(index % 2) + 1}`) || get(`--${kind}`),
  };
}

function scene(): Scene | null {
  theme.value;
  const built = rows.value;
  if (built === null || built.times.length < 2) return null;
  return {
    rows: built,
    now: now.peek(),
    zone: zone.value,
    currency: currency.value,
    narrow: narrow.value,
    hidden: hidden.value,
    look: readLook(),
  };
}

function toggle(id: string): void {
  const next = new Set(hidden.value);
  if (!next.delete(id)) next.add(id);
  hidden.value = next;
}

function Legend() {
  const series = rows.value?.powers ?? [];
  return (
    <div class="legend" role="group" aria-label={t.chart.toggles}>
      {series.map((one) => (
        <button
          key={one.id}
          type="button"
          class={`kind-${one.kind}`}
          aria-pressed={!hidden.value.has(one.id)}
          onClick={() => toggle(one.id)}
        >
          <span class="swatch" aria-hidden="true" />
          {one.name}
        </button>
      ))}
    </div>
  );
}

const drawing = signal<Drawing | null>(null);

function Canvas() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let gone = false;
    let made: Drawing | null = null;
    void import("../chart/draw").then(({ Drawing: Loaded }) => {
      if (gone || box.current === null) return;
      made = new Loaded(box.current);
      drawing.value = made;
    });
    return () => {
      gone = true;
      made?.dispose();
      drawing.value = null;
    };
  }, []);
  useSignalEffect(() => {
    const current = scene();
    if (current) drawing.value?.draw(current);
  });
  useSignalEffect(() => {
    const at = now.value;
    const current = drawing.value;
    const built = rows.peek();
    if (current && built && built.times.length > 1) {
      current.moveNow({
        rows: built,
        now: at,
        zone: zone.peek(),
        currency: currency.peek(),
        narrow: narrow.peek(),
        hidden: hidden.peek(),
        look: readLook(),
      });
    }
  });
  return <div class="chart-box" ref={box} role="img" aria-label={t.chart.title} />;
}

export function Chart() {
  const current = plan.value;
  const ready = (rows.value?.times.length ?? 0) > 1;
  return (
    <section class="card chart" aria-labelledby="chart-title">
      <header>
        <div class="grow">
          <h2 id="chart-title">{t.chart.title}</h2>
          <p class="small muted">{t.chart.subtitle}</p>
        </div>
        <p class="small muted plan-note">
          {current === null
            ? t.chart.noPlan
            : [
                t.chart.expected(f.money(current.expected_cost_eur, currency.value), t.chart.found[current.solver?.status ?? ""] ?? ""),
                t.chart.made(f.clockTime(current.made_at, zone.value)),
              ].join(", ")}
        </p>
      </header>
      <Legend />
      {ready ? <Canvas /> : <div class="chart-box" />}
    </section>
  );
}
