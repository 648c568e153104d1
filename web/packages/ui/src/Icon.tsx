// Line icons on a 20 × 20 grid. They decorate: the words stand beside them or in the button's label.
const PATHS = {
  inbox: "M3 11l2-7h10l2 7v5H3zM3 11h4l1 2h4l1-2h4",
  person: "M10 10a3 3 0 100-6 3 3 0 000 6zM4 17c.5-3 3-4.5 6-4.5s5.5 1.5 6 4.5",
  people:
    "M7.5 9.5a2.700 2.700 0 100-5.5 2.700 2.700 0 000 5.5zM2.5 16c.4-2.700 2.5-4 5-4s4.600 1.300 5 4M13 4.300a2.600 2.600 0 010 5M14.5 12.200c1.700.5 2.800 1.800 3 3.800",
  clock: "M10 17a7 7 0 100-14 7 7 0 000 14zM10 6v4l3 2",
  moon: "M16 12.5A6.800 6.800 0 017.5 4a6.800 6.800 0 108.5 8.5z",
  check: "M4 10.5l4 4 8-9",
  checks: "M2 10.5l3.5 4 6-8.5M9 13.5l1 1 7-8.5",
  search: "M9 15A6 6 0 109 3a6 6 0 000 12zM13.5 13.5L17 17",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 100-4 2 2 0 000 4zM7 16a2 2 0 100-4 2 2 0 000 4z",
  send: "M3 10l14-6-5 13-3-5.5zM9 11.5L17 4",
  clip: "M15.5 9.5l-5.800 5.800a3.5 3.5 0 01-5-5l6.5-6.5a2.300 2.300 0 013.300 3.300l-6.400 6.400a1.100 1.100 0 01-1.600-1.600l5.5-5.5",
  note: "M5 3h10v9l-5 5H5zM10 17v-5h5M8 7h4",
  close: "M5 5l10 10M15 5L5 15",
  down: "M5 8l5 5 5-5",
  up: "M5 12l5-5 5 5",
  right: "M8 5l5 5-5 5",
  back: "M12 5l-5 5 5 5",
  plus: "M10 4v12M4 10h12",
  tag: "M3 4h6l8 8-5.5 5.5L3.5 9.5zM6.5 7h.01",
  bell: "M5 13V9a5 5 0 0110 0v4l1.5 2h-13zM8.5 17.5h3",
  panel: "M3 4h14v12H3zM12.5 4v12",
  more: "M4.5 10a.5.5 0 101 0 .5.5 0 10-1 0zM9.5 10a.5.5 0 101 0 .5.5 0 10-1 0zM14.5 10a.5.5 0 101 0 .5.5 0 10-1 0z",
  refresh: "M16 8a6.5 6.5 0 00-12-1M4 3.5V7h3.5M4 12a6.5 6.5 0 0012 1M16 16.5V13h-3.5",
  alert: "M10 3l8 14H2zM10 8v4M10 14.5h.01",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 016 0V9",
  eye: "M2 10c2-3.5 4.700-5 8-5s6 1.5 8 5c-2 3.5-4.700 5-8 5s-6-1.5-8-5zM10 12.200a2.200 2.200 0 100-4.400 2.200 2.200 0 000 4.400z",
  keyboard: "M2 5h16v10H2zM5 8h.01M8 8h.01M11 8h.01M14 8h.01M6 12h8",
  filter: "M3 5h14M6 10h8M8.5 15h3",
  external: "M8 4H4v12h12v-4M11 4h5v5M16 4l-7 7",
  download: "M10 3v9M6 8.5l4 4 4-4M4 16.5h12",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 10.5h6.600L14 6",
  star: "M10 3l2.100 4.5 4.900.6-3.600 3.400.9 4.900L10 14l-4.300 2.400.9-4.900L3 8.100l4.900-.6z",
  globe: "M10 17a7 7 0 100-14 7 7 0 000 14zM3 10h14M10 3c2.5 2 2.5 12 0 14M10 3c-2.5 2-2.5 12 0 14",
  chat: "M3 4h14v10H9l-4 3v-3H3z",
  key: "M7.5 15a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM10 9l7-6M14 5.5l2 2",
  shield: "M10 3l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V5z",
  list: "M7 5h10M7 10h10M7 15h10M3.5 5h.01M3.5 10h.01M3.5 15h.01",
  leave: "M8 4H4v12h4M8 10h9M13.5 6.5L17 10l-3.5 3.5",
  at: "M10 13a3 3 0 100-6 3 3 0 000 6zM13 7v4.5c0 2 3.5 2 3.5-1.5a6.5 6.5 0 10-2.600 5.200",
  file: "M5 3h7l3 3v11H5zM12 3v3h3",
  archive: "M3 4h14v4H3zM4 8v8h12V8M8 11h4",
  reopen: "M4 9h9a4 4 0 010 8H9M4 9l4-4M4 9l4 4",
  menu: "M3 5h14M3 10h14M3 15h14",
  shop: "M3 8l1.5-4h11L17 8M3 8v8h14V8M3 8h14M8 16v-4h4v4",
  mail: "M3 5h14v10H3zM3 6l7 5 7-5",
  undo: "M4 8h8a4.500 4.500 0 010 9H8M4 8l3.5-3.5M4 8l3.5 3.5",
  picture: "M3 4h14v12H3zM3 13l4-4 3 3 3-3 4 4M7 7.5h.01",
  machine: "M4 7h12v9H4zM10 7V4M8 11h.01M12 11h.01M8 13.5h4M2 10v3M18 10v3",
  returned: "M3 5h14v10H3zM3 6l7 5 7-5M7.5 18l-2.5-1.500 2.500-1.500",
  phone: "M5 3h3l1 4-2 1.5a9 9 0 004.5 4.5L13 11l4 1v3c0 1-1 2-2 2C8.5 17 3 11.5 3 5c0-1 1-2 2-2z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
