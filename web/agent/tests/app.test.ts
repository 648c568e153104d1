import { afterEach, describe, expect, it, vi } from "vitest";
import { Notifier } from "../src/stores/notify";
import { makeRow } from "./desk";
import { House } from "./house";

let house: House;
afterEach(() => house?.leave());

describe("notifications", () => {
  it("do not ring for what is only being loaded, but for what comes in", async () => {
    const calls = vi.spyOn(Notifier.prototype, "call");
    const old = [makeRow("a"), makeRow("b")];
    house = await House.open("/app/inbox/all", {
      "GET /conversations": () => ({ items: old, next_cursor: null, resume: "e:1" }),
    });
    house.app.router.go({ page: "inbox", view: "unassigned", viewId: null, filters: {}, conversation: null });
    await vi.waitFor(() => expect(house.app.list.value?.view).toBe("unassigned"));
    await house.app.list.value?.load();
    expect(calls).not.toHaveBeenCalled();

    house.frame({ t: "conversation", row: makeRow("new") });
    expect(calls.mock.calls.map(([id]) => id)).toEqual(["new"]);
    house.frame({ t: "conversation", row: makeRow("a", { version: 2, last_seq: 2, last_customer_seq: 2 }) });
    expect(calls.mock.calls.map(([id]) => id)).toEqual(["new", "a"]);
    // An old conversation that this tab never saw, and that a colleague has just assigned.
    house.frame({ t: "conversation", row: makeRow("old", { version: 7, last_seq: 3, last_customer_seq: 2 }) });
    expect(calls.mock.calls.map(([id]) => id)).toEqual(["new", "a"]);
  });
});
