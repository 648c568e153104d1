import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AppContext } from "../src/context";
import { App } from "../src/parts/App";
import { House } from "./house";

let house: House;
afterEach(() => {
  cleanup();
  house?.leave();
});

const show = (of: House) =>
  render(
    <AppContext.Provider value={of.app}>
      <App />
    </AppContext.Provider>,
  );

describe("links that are followed while one is signed in", () => {
  it("an invitation says whose work it would interrupt, and is there after signing out", async () => {
    house = new House("/app/invitation/secret", {
      "GET /invitations/by-token/secret": () => ({ account_name: "Nyhuset", email: "ny@x.example" }),
    });
    await house.app.start();
    show(house);
    expect(screen.getByRole("heading").textContent).toBe("invitation.signed_in_title");
    expect(house.asked).not.toContain("GET /invitations/by-token/secret");
    fireEvent.click(screen.getByRole("button", { name: "me.sign_out" }));
    await vi.waitFor(() => expect(screen.getByRole("heading").textContent).toBe("invitation.title"));
  });

  it("a forgotten password can be asked for", async () => {
    house = new House("/app/password-reset");
    await house.app.start();
    show(house);
    expect(screen.getByRole("heading").textContent).toBe("reset.ask_title");
  });
});
