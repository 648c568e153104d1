import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { initials, Menu, Picker, ToastStore, VirtualList, windowOf } from "../src";

afterEach(cleanup);

describe("windowOf", () => {
  it("draws what is in sight and a few rows beside", () => {
    expect(windowOf(0, 800, 80, 1_000)).toEqual([0, 16]);
    expect(windowOf(40_000, 800, 80, 1_000)).toEqual([494, 516]);
  });
  it("stays within a list that has become shorter than the scroll position", () => {
    expect(windowOf(40_000, 800, 80, 10)).toEqual([10, 10]);
  });
});

describe("VirtualList", () => {
  it("brings an item into sight when it is opened, and leaves the reader alone when it only moves", () => {
    const list = (items: string[], open: string) => (
      <VirtualList
        label="Liste"
        items={items}
        rowRem={1}
        itemKey={(item) => item}
        render={(item) => item}
        showIndex={items.indexOf(open)}
      />
    );
    const items = Array.from({ length: 50 }, (_, index) => `c${index}`);
    const { rerender } = render(list(items, "c20"));
    const box = document.querySelector(".virtual") as HTMLElement;
    expect(box.scrollTop).toBeGreaterThan(0);
    box.scrollTop = 0;
    rerender(list(["new", ...items], "c20"));
    expect(box.scrollTop).toBe(0);
    rerender(list(["new", ...items], "c21"));
    expect(box.scrollTop).toBeGreaterThan(0);
  });
});

describe("initials", () => {
  it("takes the first letters of the first and last name", () => {
    expect(initials("Øyvind Bakke Ås")).toBe("ØÅ");
    expect(initials("Kari")).toBe("K");
    expect(initials(null)).toBe("");
  });
});

describe("Menu", () => {
  it("opens, walks with arrows and letters, picks and gives the focus back", () => {
    const picked = vi.fn();
    const entries = ["Avslutt", "Utsett", "Kopier"].map((label) => ({
      key: label,
      label,
      onPick: () => picked(label),
    }));
    render(<Menu label="Mer" entries={entries} icon="more" />);
    const button = screen.getByRole("button", { name: "Mer" });
    fireEvent.click(button);
    expect(document.activeElement?.textContent).toContain("Avslutt");
    fireEvent.keyDown(document.activeElement!, { key: "ArrowUp" });
    expect(document.activeElement?.textContent).toContain("Kopier");
    fireEvent.keyDown(document.activeElement!, { key: "u" });
    expect(document.activeElement?.textContent).toContain("Utsett");
    fireEvent.click(document.activeElement!);
    expect(picked).toHaveBeenCalledWith("Utsett");
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.activeElement).toBe(button);
  });

  it("closes with Escape", () => {
    render(<Menu label="Mer" entries={[{ key: "a", label: "A", onPick: () => undefined }]} icon="more" />);
    const button = screen.getByRole("button", { name: "Mer" });
    fireEvent.click(button);
    fireEvent.keyDown(document.activeElement!, { key: "Escape" });
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.activeElement).toBe(button);
  });
});

describe("Picker", () => {
  it("narrows without regard to accents and picks with Enter", () => {
    const picked = vi.fn();
    const choices = ["Åse Lie", "Bjørn Dahl", "Asbjørn Moe"].map((label) => ({ key: label, label }));
    render(
      <Picker label="Tildel" filterLabel="Finn" nothing="Ingen treff" choices={choices} onPick={picked}>
        Tildel
      </Picker>,
    );
    fireEvent.click(screen.getByRole("button", { name: "Tildel" }));
    const input = screen.getByRole("combobox");
    fireEvent.input(input, { target: { value: "as" } });
    expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["Åse Lie", "Asbjørn Moe"]);
    fireEvent.keyDown(input, { key: "ArrowDown" });
    fireEvent.keyDown(input, { key: "Enter" });
    expect(picked).toHaveBeenCalledWith("Asbjørn Moe");
  });
});

describe("ToastStore", () => {
  it("keeps bad news until it is closed and lets good news go", () => {
    vi.useFakeTimers();
    const toasts = new ToastStore();
    toasts.say("Lagret");
    toasts.say("Gikk ikke", { bad: true });
    vi.advanceTimersByTime(10_000);
    expect(toasts.list.value.map((toast) => toast.text)).toEqual(["Gikk ikke"]);
    vi.useRealTimers();
  });
});
