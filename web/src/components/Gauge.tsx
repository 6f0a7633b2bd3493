/** A horizontal scale with a fill and, where there is one, a mark for the target. */
export function Gauge(props: { share: number | null; mark?: number | null; label: string; text: string }) {
  const percent = (value: number): string => `${Math.min(100, Math.max(0, value * 100))}%`;
  return (
    <div
      class="gauge"
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round((props.share ?? 0) * 100)}
      aria-valuetext={props.text}
    >
      {props.share !== null && <span class="fill" style={{ width: percent(props.share) }} />}
      {props.mark != null && <span class="mark" style={{ left: percent(props.mark) }} />}
    </div>
  );
}
