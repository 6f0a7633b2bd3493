import type { ComponentChildren } from "preact";

/** Icons of our own, drawn on a 24 × 24 grid with strokes, so that they take the text's colour. */
const shapes: Record<string, ComponentChildren> = {
  pv: (
    <>
      <circle cx="12" cy="12" r="4.2" />
      <path d="M12 2.6v2.2M12 19.2v2.2M2.6 12h2.2M19.2 12h2.2M5.4 5.4 6.9 6.9M17.1 17.1l1.5 1.5M5.4 18.6l1.5-1.5M17.1 6.9l1.5-1.5" />
    </>
  ),
  grid: <path d="M9 21 10.6 3h2.8L15 21M5 8.2h14M6.2 12.6h11.6M5 8.2v2M19 8.2v2M10 12.6l4.6 8.4M14 12.6 9.4 21" />,
  load: <path d="M3.8 11.4 12 4.2l8.2 7.2M6 9.8V20h12V9.8M10 20v-5.4h4V20" />,
  battery: (
    <>
      <rect x="6.6" y="4.8" width="10.8" height="16" rx="2.4" />
      <path d="M10 2.6h4M12.6 8.6l-2.4 4.2h3.6l-2.4 4.2" />
    </>
  ),
  charge_point: (
    <>
      <path d="M4 16.6v-3.4l1.9-5A2 2 0 0 1 7.8 7h8.4a2 2 0 0 1 1.9 1.2l1.9 5v3.4M4 13.2h16M4 16.6h16v2.2h-2.6v-2.2M6.6 16.6v2.2H4v-2.2" />
      <path d="M7.2 15h.4M16.4 15h.4" />
    </>
  ),
  wallbox: (
    <>
      <rect x="5.6" y="3" width="9.6" height="14.4" rx="2.4" />
      <path d="m11 6.4-2 3.6h2.8l-2 3.6M10.4 17.4v1.2a2.4 2.4 0 0 0 2.4 2.4h3.4a2.4 2.4 0 0 0 2.4-2.4V9.4" />
    </>
  ),
  tank: <path d="M12 3.2s6.2 6.6 6.2 11a6.2 6.2 0 0 1-12.4 0c0-4.4 6.2-11 6.2-11zM9 14.6a3.2 3.2 0 0 0 2.6 2.9" />,
  heat_pump: (
    <>
      <rect x="3" y="4.6" width="18" height="14.8" rx="2.2" />
      <circle cx="10" cy="12" r="4.6" />
      <path d="M10 12c0-2.2 1.6-3 2.6-3M10 12c2.2 0 3 1.6 3 2.6M10 12c0 2.2-1.6 3-2.6 3M10 12c-2.2 0-3-1.6-3-2.6M17.6 8.4v7.2" />
    </>
  ),
  room: <path d="M14 13.8V5.6a2 2 0 1 0-4 0v8.2a4 4 0 1 0 4 0zM12 9v8" />,
  flexible_load: <path d="M9 3v5M15 3v5M6.6 8h10.8v3.6a5.4 5.4 0 0 1-10.8 0zM12 17v4" />,
  radiator: <path d="M4 8.4h16M4 16.6h16M6.2 6v12.6M10 6v12.6M14 6v12.6M17.8 6v12.6M4 20h0M20 20h0" />,
  flame: <path d="M12 3.4c.6 3.4 5.4 5.4 5.4 10.4a5.4 5.4 0 0 1-10.8 0c0-2.2 1.2-3.6 2.2-4.8.3 1.4 1 2 1.8 2.2-.4-2.8.2-5.6 1.4-7.8z" />,
  window: <path d="M5 4h14v16H5zM12 4v16M5 12h14" />,
  floors: <path d="M4 20V9.4L12 4l8 5.4V20zM4 14h16M8 17h8M8 11h8" />,
  sun: (
    <>
      <circle cx="12" cy="12" r="4.2" />
      <path d="M12 3v1.8M12 19.2V21M3 12h1.8M19.2 12H21M5.6 5.6l1.3 1.3M17.1 17.1l1.3 1.3M5.6 18.4l1.3-1.3M17.1 6.9l1.3-1.3" />
    </>
  ),
  moon: <path d="M20 14.2A8.2 8.2 0 0 1 9.8 4a8.2 8.2 0 1 0 10.2 10.2z" />,
  warning: <path d="M12 4 2.8 20h18.4zM12 10v4.6M12 17.2v.2" />,
};

export type IconName = keyof typeof shapes;

export function IconShape({ name }: { name: string }) {
  return (
    <g
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      {shapes[name]}
    </g>
  );
}

export function Icon({ name, size = 20 }: { name: string; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <IconShape name={name} />
    </svg>
  );
}
