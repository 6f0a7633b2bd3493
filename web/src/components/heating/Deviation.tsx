import * as f from "../../format";

const BAND_K = 0.3;

/** How far a room is from its target: the target in the middle, ±0.3 K shaded, the room as a dot. */
export function Deviation(props: { measured: number | null; target: number | null; span: number; label: string }) {
  const { measured, target, span } = props;
  const off = measured === null || target === null ? null : measured - target;
  const at = (kelvin: number): string => `${50 + (50 * Math.max(-span, Math.min(span, kelvin))) / span}%`;
  return (
    <div
      class="deviation"
      aria-label={off === null ? `${props.label}: ${f.temperature(measured)}` : props.label}
      {...(off === null
        ? { role: "img" as const }
        : {
            role: "meter" as const,
            "aria-valuemin": -span,
            "aria-valuemax": span,
            "aria-valuenow": off,
            "aria-valuetext": `${f.temperature(measured)}, ${f.difference(off)}`,
          })}
    >
      <span class="band" style={{ left: at(-BAND_K), right: `calc(100% - ${at(BAND_K)})` }} />
      <span class="aim" />
      {off !== null && <span class={Math.abs(off) > BAND_K + 1e-6 ? "dot outside" : "dot"} style={{ left: at(off) }} />}
    </div>
  );
}
