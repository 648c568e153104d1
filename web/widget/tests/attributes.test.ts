import { describe, expect, it } from "vitest";
import { fitting } from "../src/frame/attributes";
import type { Attributes } from "../src/shared/protocol";

describe("attributes that the page sets", () => {
  it("go as they are when they fit", () => {
    const said = { Abonnement: "Fiber 500", "Varer i kurven": 2, Pris: 649.5, Bedrift: false };
    expect(fitting(said)).toEqual(said);
  });

  it("lose what the desk would refuse, so that the chat opens all the same", () => {
    const odd = { "": "x", ["n".repeat(61)]: "x", list: [1], nothing: null, gone: undefined } as unknown as Attributes;
    expect(fitting(odd)).toEqual({});
    expect(fitting({ long: "æ".repeat(600) })).toEqual({ long: "æ".repeat(500) });
    expect(fitting({ order: 1e20, none: Number.NaN })).toEqual({ order: "100000000000000000000", none: "NaN" });
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`n${n}`, n]));
    expect(Object.keys(fitting(many))).toHaveLength(50);
  });
});
