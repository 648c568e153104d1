/** Dark ink on a light accent (`#rrggbb`), white on a dark one: relative luminance as in WCAG 2. */
export function inkOn(accent: string): string {
  const value = Number(`0x${accent.slice(1)}`);
  const part = (shift: number) => (((value >> shift) & 255) / 255) ** 2.2;
  return 0.21 * part(16) + 0.72 * part(8) + 0.07 * part(0) > 0.18 ? "#111" : "#fff";
}
