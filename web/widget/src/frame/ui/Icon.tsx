const PATHS = {
  close: "M6 6l12 12M18 6 6 18",
  down: "m6 9 6 6 6-6",
  clip: "m20 11-8.5 8.5a5.5 5.5 0 0 1-7.8-7.8L12.5 3a3.7 3.7 0 0 1 5.2 5.2L9 17a1.8 1.8 0 0 1-2.6-2.6L14.5 6",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.01M15 9.5v.01",
  send: "M12 20V4M5 11l7-7 7 7",
  file: "M14 3H6v18h12V7l-4-4v4h4",
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
