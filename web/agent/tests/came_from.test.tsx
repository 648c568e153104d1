import type { Touch, Way } from "@svardesk/wire";
import { cleanup, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, it } from "vitest";
import { setTexts } from "../src/i18n";
import { CameFrom } from "../src/parts/CameFrom";

beforeEach(() =>
  setTexts("nb", {
    "came.title": "Kom fra",
    "came.first": "Første gang",
    "came.last": "Sist",
    "came.ad": "En annonse",
    "came.ad_named": "Annonse: {name}",
    "came.link_named": "Lenke: {name}",
    "came.post": "Et innlegg",
  }),
);
afterEach(cleanup);

const show = (first: Touch | null, last: Touch | null) =>
  render(<CameFrom way={{ first_touch: first, last_touch: last } as Way} />).container.textContent;

it("tells which ad, link or post brought somebody, the first time and the last", () => {
  expect(show(null, null)).toBe("");
  expect(show({ source: "ADS", ad_title: "Høstsalg" }, { source: "SHORTLINK", ref: "nyhetsbrev" })).toBe(
    "Kom fraFørste gangAnnonse: HøstsalgSistLenke: nyhetsbrev",
  );
});
it("says it once when it is the same, and of an ad without a name that it was one", () => {
  expect(show({ source: "ADS" }, { source: "ADS" })).toBe("Kom fraEn annonse");
  cleanup();
  expect(show({ post_id: "1_2" }, null)).toBe("Kom fraEt innlegg");
  cleanup();
  show({ source: "ADS", ad_title: "Høstsalg", ref: "høst" }, null);
  expect(screen.getAllByText("høst")).toHaveLength(1);
});
