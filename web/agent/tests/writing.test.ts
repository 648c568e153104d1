import { type Api, ApiError, MemoryStorage, NetworkError, type NewMessage } from "@svardesk/wire";
import { describe, expect, it, vi } from "vitest";
import { ComposerStore } from "../src/stores/composer";
import { DeliveryStore, type Pending } from "../src/stores/delivery";
import { makeMessage, makeRow } from "./desk";

const settle = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

const pending = (body: string, based_on_seq = 1): Pending => ({
  kind: "answer",
  body,
  files: [],
  mention_ids: [],
  based_on_seq,
  confirm: false,
  after: "waiting",
});

/** A server that stores an answer once per client id, whatever the line does. */
function server() {
  const stored: NewMessage[] = [];
  let newest = 1;
  const behaviour: ("ok" | "lost" | "lost answer")[] = [];
  const post = async (_id: string, message: NewMessage) => {
    const how = behaviour.shift() ?? "ok";
    if (how === "lost") throw new NetworkError("lost");
    const before = stored.findIndex((each) => each.client_id === message.client_id);
    if (before < 0) {
      if (message.based_on_seq < newest && !message.confirm)
        throw new ApiError(409, "newer_exists", "", { last_seq: newest });
      stored.push(message);
      newest += 1;
    }
    if (how === "lost answer") throw new NetworkError("lost");
    const seq = before < 0 ? newest : before + 2;
    return {
      message: makeMessage("c", seq, { kind: "answer", client_id: message.client_id }),
      conversation: makeRow("c", { last_seq: newest, last_public_seq: newest }),
    };
  };
  return {
    stored,
    behaviour,
    api: { post } as unknown as Api,
    customerWrites: () => {
      newest += 1;
    },
  };
}

const start = async (api: Api, newer = vi.fn()) => {
  const posted = vi.fn();
  const delivery = new DeliveryStore(api, posted, newer, new MemoryStorage<Pending>());
  await delivery.start("me");
  return { delivery, posted, newer };
};

describe("DeliveryStore", () => {
  it("never doubles an answer, however often the line is lost on the way", async () => {
    vi.useFakeTimers();
    const { stored, behaviour, api } = server();
    const { delivery, posted } = await start(api);
    behaviour.push("lost", "lost answer", "lost answer");
    delivery.send("c", pending("Hei"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stored.map((message) => message.body)).toEqual(["Hei"]);
    expect(posted).toHaveBeenCalledTimes(1);
    expect(delivery.of("c").value).toEqual([]);
    vi.useRealTimers();
  });

  it("does not take one's own first answer for somebody else's newer message", async () => {
    const { stored, api } = server();
    const { delivery } = await start(api);
    delivery.send("c", pending("Første"));
    delivery.send("c", pending("Andre"));
    await settle();
    expect(stored.map((message) => [message.body, message.based_on_seq])).toEqual([
      ["Første", 1],
      ["Andre", 2],
    ]);
  });

  it("holds an answer when something newer exists, and sends it after all when told to", async () => {
    const { stored, api, customerWrites } = server();
    const { delivery, newer } = await start(api);
    customerWrites();
    const id = delivery.send("c", pending("Hei"));
    await settle();
    expect(newer).toHaveBeenCalledWith("c");
    expect(delivery.of("c").value[0]).toMatchObject({ state: "held", reason: { code: "newer_exists" } });
    await delivery.again(id, true);
    await settle();
    expect(stored).toMatchObject([{ body: "Hei", confirm: true, client_id: id }]);
  });

  it("lets a frame of the own message end the waiting", async () => {
    const { api, behaviour } = server();
    behaviour.push("lost");
    const { delivery } = await start(api);
    const id = delivery.send("c", pending("Hei"));
    await settle();
    delivery.confirmed(id);
    await settle();
    expect(delivery.entries.value).toEqual([]);
    delivery.stop();
  });

  it("says why it was refused and gives the text back", async () => {
    const api = {
      post: async () => {
        throw new ApiError(422, "empty_message", "Write something.");
      },
    } as unknown as Api;
    const { delivery } = await start(api);
    const id = delivery.send("c", pending("Hei"));
    await settle();
    expect(delivery.of("c").value[0]).toMatchObject({ state: "failed", reason: { code: "empty_message" } });
    expect((await delivery.discard(id))?.body.body).toBe("Hei");
  });
});

function drafts() {
  let stored: { body: string; version: number } | null = null;
  const saveDraft = vi.fn(
    async (_id: string, draft: { kind: string; body: string; file_ids: string[]; version: number }) => {
      if (draft.version !== (stored?.version ?? 0))
        throw new ApiError(409, "draft_conflict", "", { draft: stored && { ...draft, ...stored, updated_at: "" } });
      stored = { body: draft.body, version: draft.version + 1 };
      return { ...draft, version: stored.version, updated_at: "" };
    },
  );
  const deleteDraft = vi.fn(async () => {
    stored = null;
  });
  return {
    api: { saveDraft, deleteDraft } as unknown as Api,
    saveDraft,
    deleteDraft,
    stored: () => stored,
    otherTab: (body: string) => {
      stored = { body, version: (stored?.version ?? 0) + 1 };
    },
  };
}

describe("ComposerStore", () => {
  it("saves once when typing pauses, and again with the version it got", async () => {
    vi.useFakeTimers();
    const { api, saveDraft, stored } = drafts();
    const composer = new ComposerStore("c", api);
    for (const text of ["H", "He", "Hei"]) composer.type(text);
    await vi.advanceTimersByTimeAsync(800);
    composer.type("Hei du");
    await vi.advanceTimersByTimeAsync(800);
    expect(saveDraft).toHaveBeenCalledTimes(2);
    expect(stored()).toEqual({ body: "Hei du", version: 2 });
    expect(composer.saved.value).toBe("saved");
    vi.useRealTimers();
  });

  it("never lets another tab overwrite words that are being typed, and wins over its version", async () => {
    vi.useFakeTimers();
    const { api, stored, otherTab } = drafts();
    const composer = new ComposerStore("c", api);
    composer.type("mine ord");
    otherTab("andre ord");
    composer.take({ kind: "answer", body: "andre ord", file_ids: [], version: 1 });
    expect(composer.text.value).toBe("mine ord");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stored()).toEqual({ body: "mine ord", version: 2 });
    vi.useRealTimers();
  });

  it("stale state + frames = fresh state: takes the draft of another tab when nothing is being typed", async () => {
    const { api } = drafts();
    const composer = new ComposerStore("c", api);
    composer.take({ kind: "answer", body: "en", file_ids: [], version: 1 });
    composer.take({ kind: "note", body: "to", file_ids: [], version: 3 });
    composer.take({ kind: "answer", body: "en", file_ids: [], version: 2 });
    expect([composer.text.value, composer.kind.value]).toEqual(["to", "note"]);
    composer.take(null);
    expect(composer.text.value).toBe("");
  });

  it("keeps trying while the line is cut", async () => {
    vi.useFakeTimers();
    const { api, saveDraft, stored } = drafts();
    saveDraft.mockRejectedValueOnce(new NetworkError("lost"));
    const composer = new ComposerStore("c", api);
    composer.type("Hei");
    await vi.advanceTimersByTimeAsync(800);
    expect(composer.saved.value).toBe("dirty");
    await vi.advanceTimersByTimeAsync(6_000);
    expect(stored()?.body).toBe("Hei");
    vi.useRealTimers();
  });

  it("removes the stored draft once its words are at the desk, not before", async () => {
    const { api, deleteDraft, stored } = drafts();
    const composer = new ComposerStore("c", api);
    composer.type("Hei");
    await composer.flush();
    composer.clear();
    expect([composer.text.value, stored()?.body, deleteDraft.mock.calls.length]).toEqual(["", "Hei", 0]);
    await Promise.all([composer.done(), composer.done()]);
    expect(deleteDraft).toHaveBeenCalledTimes(1);
    expect(stored()).toBeNull();
  });

  it("removes it also when the line is cut just then", async () => {
    vi.useFakeTimers();
    const { api, deleteDraft, stored } = drafts();
    deleteDraft.mockRejectedValueOnce(new NetworkError("lost"));
    const composer = new ComposerStore("c", api);
    composer.type("Hei");
    await composer.flush();
    composer.clear();
    await composer.done();
    expect(stored()?.body).toBe("Hei");
    await vi.advanceTimersByTimeAsync(6_000);
    expect(stored()).toBeNull();
    vi.useRealTimers();
  });

  it("keeps what is written after sending, while the sent message is still on its way", async () => {
    const { api, stored } = drafts();
    const composer = new ComposerStore("c", api);
    composer.type("Første svar");
    const saving = composer.flush();
    composer.clear();
    await saving;
    composer.type("Andre svar");
    await composer.flush();
    await composer.done();
    expect([composer.text.value, stored()?.body]).toEqual(["Andre svar", "Andre svar"]);
  });

  it("does not show again what is on its way as a message", async () => {
    const { api, deleteDraft } = drafts();
    const composer = new ComposerStore("c", api, (body) => body === "Sendt svar");
    composer.take({ kind: "answer", body: "Sendt svar ", file_ids: [], version: 4 });
    expect(composer.text.value).toBe("");
    await composer.done();
    expect(deleteDraft).toHaveBeenCalledTimes(1);
  });

  it("says by how much a text is too long for the desk, an emoji being one character, and does not send it", () => {
    const composer = new ComposerStore("c", drafts().api);
    composer.type(`${"😀".repeat(8_000)}\n`);
    expect([composer.tooMuch.value, composer.canSend.value]).toEqual([0, true]);
    composer.type("x".repeat(8_003));
    expect([composer.tooMuch.value, composer.canSend.value]).toEqual([3, false]);
  });

  it("never makes a note part of an answer when a refused answer comes back into the box", () => {
    const composer = new ComposerStore("c", drafts().api);
    composer.choose("note");
    composer.type("Kunden er umulig");
    composer.restore("answer", "Beklager ventetiden", []);
    expect([composer.kind.value, composer.text.value]).toEqual(["note", "Beklager ventetiden\n\nKunden er umulig"]);
    const empty = new ComposerStore("c", drafts().api);
    empty.choose("note");
    empty.restore("answer", "Beklager ventetiden", []);
    expect(empty.kind.value).toBe("answer");
  });

  it("mentions only those whose name still stands in a note", () => {
    const composer = new ComposerStore("c", drafts().api);
    const kari = { id: "k", name: "Kari Nes" };
    const ola = { id: "o", name: "Ola Bø" };
    composer.mention(kari);
    composer.mention(ola);
    composer.type("Spør @Kari Nes om det");
    expect(composer.mentionIds([kari, ola])).toEqual([]);
    composer.choose("note");
    expect(composer.mentionIds([kari, ola])).toEqual(["k"]);
  });
});
