import { describe, expect, it } from "vitest";
import { checkFile } from "../src/frame/attachments";
import { linkify, onlyEmoji } from "../src/frame/linkify";
import { clock, day, setTexts, size, t } from "../src/frame/texts";
import { inkOn } from "../src/shared/ink";
import { read, TO_FRAME } from "../src/shared/protocol";

describe("links", () => {
  const links = (text: string) =>
    linkify(text)
      .filter((piece) => piece.href)
      .map((piece) => piece.href);

  it("are found in text and leave nothing out", () => {
    const text = "Se https://a.no/b?c=1&d=2, www.fjordnett.example (og https://a.no/x_(y)). Eller post@a.no!";
    expect(links(text)).toEqual([
      "https://a.no/b?c=1&d=2",
      "https://www.fjordnett.example",
      "https://a.no/x_(y)",
      "mailto:post@a.no",
    ]);
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  });

  it("have the letters of all languages in them", () => {
    expect(links("Skriv til kåre.bø@blåbær.no eller åse@x.no")).toEqual([
      "mailto:kåre.bø@blåbær.no",
      "mailto:åse@x.no",
    ]);
  });

  it("are looked for in no time, however long a word is", () => {
    const began = performance.now();
    linkify("a".repeat(64_000));
    expect(performance.now() - began).toBeLessThan(3_000); // it was twenty seconds
  });

  it("never run a script", () => {
    for (const text of ["javascript:alert(1)", "data:text/html,<b>", "vbscript:x", "<a href='javascript:x'>y</a>"])
      expect(links(text)).toEqual([]);
  });

  it("emoji alone are shown large", () => {
    expect(["👍", "👍🏽 ❤️", "👨‍👩‍👧"].map(onlyEmoji)).toEqual([true, true, true]);
    expect(["ok 👍", "1", "", "👍👍👍👍"].map(onlyEmoji)).toEqual([false, false, false, false]);
  });
});

describe("texts", () => {
  it("fill in placeholders and speak the locale's numbers and times", () => {
    setTexts({ "widget.today": "I dag", "widget.yesterday": "I går", "widget.typing": "{name} skriver …" }, "nb");
    expect(t("widget.typing", { name: "Kari" })).toBe("Kari skriver …");
    // A visitor's file may be called anything.
    expect(t("widget.typing", { name: "$& $' {name}" })).toBe("$& $' {name} skriver …");
    expect([500, 250_000, 2_500_000, 10_485_760].map(size)).toEqual(["1 kB", "244 kB", "2,4 MB", "10 MB"]);
    expect(clock(new Date(2026, 10, 23, 14, 5).toISOString())).toBe("14:05");
    const now = new Date(2026, 10, 23, 1, 0);
    expect(day(new Date(2026, 10, 23, 0, 1).toISOString(), now)).toBe("I dag");
    expect(day(new Date(2026, 10, 22, 23, 59).toISOString(), now)).toBe("I går");
    expect(day(new Date(2026, 10, 20, 12, 0).toISOString(), now)).toBe("Fredag 20. november");
    expect(day(new Date(2025, 10, 20, 12, 0).toISOString(), now)).toBe("Torsdag 20. november 2025");
    setTexts({}, "nn");
    expect(day(new Date(2026, 10, 20, 12, 0).toISOString(), now)).toBe("20. november");
    setTexts({}, "unknown");
    expect(day(new Date(2026, 10, 20, 12, 0).toISOString(), now)).toBe("Fredag 20. november");
  });
});

describe("files", () => {
  const limits = { max_text: 1, max_file: 1000, max_files: 3, file_types: ["image/*", "application/pdf", ".docx"] };
  it("are checked before they are sent", () => {
    const check = (name: string, type: string, size = 10) => checkFile({ name, type, size }, limits)?.key ?? null;
    expect(check("a.png", "image/png")).toBeNull();
    expect(check("a.DOCX", "")).toBeNull();
    expect(check("a.pdf", "application/pdf")).toBeNull();
    expect(check("a.exe", "application/x-msdownload")).toBe("widget.wrong_type");
    expect(check("a.png", "image/png", 1001)).toBe("widget.too_large");
  });
});

describe("messages of the page", () => {
  it("must have the shape that they claim", () => {
    const init = { svardesk: 1, t: "init", shown: true, modal: false, focus: true, page: { url: "", title: "" } };
    expect(read(TO_FRAME, init)).toBe(init);
    // A page writes `token: signedIn ? jwt : null`, and its visitors get the chat all the same.
    expect(read(TO_FRAME, { ...init, token: null, theme: null, attributes: undefined })).toBeDefined();
    expect(read(TO_FRAME, { ...init, token: 5 })).toBeUndefined();
    expect(read(TO_FRAME, { ...init, page: null })).toBeUndefined();
    expect(read(TO_FRAME, { ...init, shown: undefined })).toBeUndefined();
    expect(read(TO_FRAME, { t: "hidden" })).toBeUndefined();
    expect(read(TO_FRAME, "hidden")).toBeUndefined();
    expect(read(TO_FRAME, null)).toBeUndefined();
  });
});

describe("ink", () => {
  it("reads on the accent", () => {
    expect(["#0b6a5d", "#000000", "#ffd500", "#ffffff", "#1a56db"].map(inkOn)).toEqual([
      "#fff",
      "#fff",
      "#111",
      "#111",
      "#fff",
    ]);
  });
});
