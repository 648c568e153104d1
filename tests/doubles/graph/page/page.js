// The customer's side of the demo: shows what the double knows, and does through its control calls what people do.
"use strict";

const by = (id) => document.getElementById(id);
const state = { psid: new URLSearchParams(location.search).get("som") || "", version: "", view: null, referral: null, replyTo: null };
const time = new Intl.DateTimeFormat("nb", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("nb", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function el(name, properties = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

function note(text) {
  by("note").textContent = text;
  if (text) setTimeout(() => by("note").textContent === text && note(""), 6000);
}

async function act(verb, body) {
  const answer = await fetch(`/_control/${verb}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) note(found.error?.message || found.error || "Det gikk ikke.");
  await refresh();
  return answer.ok;
}

async function refresh() {
  try {
    const query = new URLSearchParams({ psid: state.psid, version: state.version });
    const view = await (await fetch(`/_control/view?${query}`)).json();
    by("link").dataset.down = "";
    if (!view.page || view.version === state.version) return;
    state.version = view.version;
    state.view = view;
    state.psid = view.psid;
    show(view);
  } catch {
    by("link").textContent = "Ingen forbindelse";
  }
}

function show(view) {
  by("link").textContent = view.connected ? "Siden er koblet til" : "Siden er ikke koblet til ennå";
  by("feed-title").textContent = view.page.name;
  by("about").textContent = view.page.about || view.page.category;
  const logo = `/_media/page/${view.page.id}`;
  if (!by("logo").src.endsWith(logo)) by("logo").src = logo;
  showPeople(view);
  showThread(view);
  showPosts(view);
}

function showPeople(view) {
  const who = by("who");
  const wanted = view.people.map((one) => [one.psid, one.name + (one.unread && one.psid !== view.psid ? ` (${one.unread} nye)` : "")]);
  if (JSON.stringify(wanted) !== who.dataset.shown) {
    who.dataset.shown = JSON.stringify(wanted);
    who.replaceChildren(...wanted.map(([value, text]) => el("option", { value, textContent: text })));
  }
  who.value = view.psid;
}

// ── Messenger ──

function showThread(view) {
  const thread = by("thread");
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  const { messages } = view.thread;
  const last = messages.at(-1);
  const focused = document.activeElement?.dataset?.key;
  thread.replaceChildren(
    messages.length ? "" : el("p", { class: "welcome", textContent: view.welcome.greeting || `Skriv til ${view.page.name}. De svarer her.` }),
    ...messages.map((one) => message(one, view)),
    last?.mine && view.thread.seen >= last.at ? el("p", { class: "meta", textContent: "Sett" }) : "",
    view.thread.typing ? el("p", { class: "meta", textContent: `${view.page.name} skriver …` }) : "",
  );
  if (focused) thread.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  if (atEnd || thread.dataset.of !== view.psid) thread.scrollTop = thread.scrollHeight;
  thread.dataset.of = view.psid;
  // The log is drawn anew each time; what is read aloud is only what came last.
  const news = last && !last.mine ? `${view.page.name}: ${last.text || "vedlegg"}` : "";
  if (by("news").textContent !== news) by("news").textContent = news;
  showChoices(view, last);
  if (last && !last.mine && view.thread.read < last.at && document.visibilityState === "visible") act("reads", { psid: view.psid });
}

function message(one, view) {
  const label = one.mine ? "Du" : one.persona || view.page.name;
  const bubble = one.deleted
    ? el("div", { class: "bubble gone", textContent: "Meldingen er trukket tilbake" })
    : el("div", { class: "bubble" }, one.text || "", ...one.attachments.map((part) => attachment(part, one)));
  const actions = one.deleted ? [] : one.mine ? own(one) : others(one, view);
  return el(
    "div",
    { class: one.mine ? "message mine" : "message" },
    one.quoted ? el("div", { class: "quoted", textContent: one.quoted }) : "",
    bubble,
    one.reactions.length ? el("div", { class: "reactions", textContent: one.reactions.join(" ") }) : "",
    el(
      "div",
      { class: "meta" },
      `${label} ${time.format(one.at)}`,
      one.edited ? " · endret" : "",
      one.private_reply ? " · privat svar på kommentaren din" : "",
      ...actions,
    ),
  );
}

function attachment(part, one) {
  const { url, text, buttons, elements, title } = part.payload || {};
  if (part.type === "image" || part.type === "sticker") return el("img", { src: url, alt: "Bilde" });
  if (part.type === "template") {
    const cards = elements || [{ title: text || title || "", buttons }];
    return el("div", {}, ...cards.map((card) => el("div", {}, card.title || "", card.subtitle ? el("div", { class: "quiet", textContent: card.subtitle }) : "", ...(card.buttons || []).map((button) => templateButton(button, one)))));
  }
  return el("a", { href: url || "#", textContent: { video: "Video", audio: "Lyd" }[part.type] || "Fil", target: "_blank", rel: "noreferrer" });
}

function templateButton(button) {
  if (button.type === "web_url") return el("a", { href: button.url, textContent: button.title, target: "_blank", rel: "noreferrer" });
  return el("button", { type: "button", textContent: button.title, onclick: () => act("taps", { psid: state.psid, payload: button.payload || button.title, title: button.title }) });
}

function small(text, key, label, onclick) {
  return el("button", { type: "button", class: "small", textContent: text, "data-key": key, "aria-label": label || text, onclick });
}

function own(one) {
  return [
    one.text && !one.postback
      ? small("Rediger", `e${one.mid}`, "Rediger meldingen", () => {
          const text = prompt("Ny tekst", one.text);
          if (text && text !== one.text) act("edits", { mid: one.mid, text });
        })
      : "",
    small("Trekk tilbake", `u${one.mid}`, "Trekk meldingen tilbake", () => act("unsends", { mid: one.mid })),
  ];
}

function others(one) {
  const psid = state.psid;
  const react = one.reacted
    ? [small("Fjern reaksjon", `r${one.mid}`, "", () => act("unreacts", { psid, mid: one.mid }))]
    : ["👍", "❤️", "😢"].map((emoji) => small(emoji, emoji + one.mid, `Reager med ${emoji}`, () => act("reacts", { psid, mid: one.mid, emoji })));
  return [...react, small("Svar", `s${one.mid}`, "Svar på denne meldingen", () => { state.replyTo = one; context(); by("text").focus(); })];
}

function showChoices(view, last) {
  const { psid } = state;
  const tap = (payload, title) => () => act("taps", { psid, payload, title });
  const made = [];
  if (!last) {
    for (const one of view.welcome.ice_breakers) made.push(el("button", { type: "button", textContent: one.question, onclick: tap(one.payload, one.question) }));
    if (!made.length && view.welcome.get_started) made.push(el("button", { type: "button", textContent: "Kom i gang", onclick: tap(view.welcome.get_started, "Kom i gang") }));
  } else if (!last.mine) {
    for (const one of last.quick_replies) made.push(el("button", { type: "button", textContent: one.title || one.content_type, onclick: () => act("writes", { psid, text: one.title || "navn@fjordnett.example", quick_reply: one.payload || "navn@fjordnett.example" }) }));
  }
  for (const one of last ? view.welcome.menu : []) {
    made.push(one.type === "web_url" ? el("a", { href: one.url, textContent: one.title, target: "_blank", rel: "noreferrer" }) : el("button", { type: "button", textContent: `☰ ${one.title}`, onclick: tap(one.payload, one.title) }));
  }
  const shown = JSON.stringify([psid, last?.mid, made.map((one) => one.textContent)]);
  if (by("choices").dataset.shown !== shown) by("choices").replaceChildren(...made);
  by("choices").dataset.shown = shown;
}

function context() {
  const parts = [];
  if (state.replyTo) parts.push(`Svarer på: «${(state.replyTo.text || "bilde").slice(0, 60)}»`);
  if (state.referral) parts.push(`Neste melding kommer fra ${state.referral.ad_id ? `annonsen «${state.referral.ads_context_data.ad_title}»` : `lenken m.me/fjordnett?ref=${state.referral.ref}`}`);
  by("context").hidden = !parts.length;
  by("context").textContent = parts.join(" · ");
}

async function write(more = {}) {
  const body = { psid: state.psid, ...more };
  if (state.replyTo) body.reply_to = state.replyTo.mid;
  if (state.referral && !state.view.thread.messages.length) body.referral = state.referral;
  else if (state.referral) await act("comes_from", come(state.referral));
  state.replyTo = state.referral = null;
  context();
  return act("writes", body);
}

const come = (one) => ({ psid: state.psid, source: one.source, ref: one.ref, ad_id: one.ad_id, ad_title: one.ads_context_data?.ad_title });

by("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = by("text").value.trim();
  if (!text) return;
  by("text").value = "";
  if (!(await write({ text }))) by("text").value = text;
});
by("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    by("write").requestSubmit();
  }
});
by("picture").addEventListener("click", () => by("file").click());
by("file").addEventListener("change", () => {
  const file = by("file").files[0];
  if (!file) return;
  const kind = ["image", "video", "audio"].find((one) => file.type.startsWith(`${one}/`)) || "file";
  const reader = new FileReader();
  reader.addEventListener("load", () => write({ attachments: [{ kind, content_type: file.type, base64: reader.result.split(",")[1], name: file.name }] }));
  reader.readAsDataURL(file);
  by("file").value = "";
});
by("advert").addEventListener("click", () => {
  state.referral = { source: "ADS", type: "OPEN_THREAD", ref: "fiber500", ad_id: "120210000000001", ads_context_data: { ad_title: "Fiber 500 til hele familien" } };
  context();
  by("text").focus();
});
by("mlink").addEventListener("click", () => {
  state.referral = { source: "SHORTLINK", type: "OPEN_THREAD", ref: "faktura-november" };
  context();
  by("text").focus();
});
by("who").addEventListener("change", () => {
  state.psid = by("who").value;
  state.version = "";
  state.replyTo = state.referral = null;
  history.replaceState(null, "", `?som=${state.psid}`);
  context();
  refresh();
});

// ── the page ──

const me = () => state.view.people.find((one) => one.psid === state.psid);

function showPosts(view) {
  const box = by("posts");
  const typed = Object.fromEntries([...box.querySelectorAll(".reply input")].map((one) => [one.dataset.key, one.value]));
  const focused = document.activeElement?.dataset?.key;
  box.replaceChildren(...view.posts.map(post));
  for (const input of box.querySelectorAll(".reply input")) input.value = typed[input.dataset.key] || "";
  if (focused) box.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function likes(ids, owner) {
  if (!ids.length) return "";
  return ` · ${ids.length} liker${ids.includes(owner) ? ` (også ${state.view.page.name})` : ""}`;
}

function post(one) {
  const { commenter, psid } = me();
  const liked = one.reactions.includes(commenter);
  const word = one.recommends === true ? "anbefaler siden" : one.recommends === false ? "anbefaler ikke siden" : "";
  return el(
    "article",
    { class: one.own ? "post own" : "post" },
    el("p", { class: "who" }, el("strong", { textContent: one.author }), word ? ` ${word}` : "", one.ad ? el("span", { class: "tag", textContent: "Sponset" }) : "", one.hidden ? el("span", { class: "tag", textContent: "Skjult" }) : ""),
    el("p", { class: "quiet", textContent: `${day.format(one.at)}${one.edited ? " · endret" : ""}` }),
    el("p", { class: "body", textContent: one.text || "" }),
    one.picture ? el("img", { src: one.picture, alt: "" }) : "",
    el(
      "div",
      { class: "meta" },
      small(liked ? "Angre liker" : "Liker", `l${one.id}`, "", () => act("reacts_to_post", { post: one.id, psid, verb: liked ? "remove" : "add" })),
      likes(one.reactions, state.view.page.id),
      one.author_id === commenter ? small("Rediger", `e${one.id}`, "Rediger innlegget", () => change("edits_post", "post", one)) : "",
      one.author_id === commenter ? small("Slett", `d${one.id}`, "Slett innlegget", () => act("removes_post", { post: one.id })) : "",
    ),
    ...one.comments.map((below) => comment(below, one)),
    reply(one.id, "Skriv en kommentar …", (text) => act("comments", { post: one.id, psid, text })),
  );
}

function change(verb, name, one) {
  const text = prompt("Ny tekst", one.text);
  if (text && text !== one.text) act(verb, { [name]: one.id, text });
}

function comment(one, within, parent = null) {
  const { commenter, psid } = me();
  const mine = one.author_id === commenter;
  const liked = one.likes.includes(commenter);
  return el(
    "div",
    { class: `comment${one.own ? " own" : ""}${one.hidden ? " is-hidden" : ""}` },
    el("p", {}, el("strong", { textContent: one.author }), one.hidden ? el("span", { class: "tag", textContent: "Skjult av siden" }) : "", one.private_reply ? el("span", { class: "tag", textContent: "Privat svar sendt" }) : ""),
    el("p", { class: "body", textContent: one.text || "" }),
    one.attachment ? el("img", { class: "attached", src: one.attachment.url, alt: "Bilde" }) : "",
    el(
      "div",
      { class: "meta" },
      day.format(one.at),
      one.edited ? " · endret" : "",
      likes(one.likes, state.view.page.id),
      small(liked ? "Angre liker" : "Liker", `l${one.id}`, "", () => act("reacts_to_post", { post: within.id, comment: one.id, psid, verb: liked ? "remove" : "add" })),
      mine ? small("Rediger", `e${one.id}`, "Rediger kommentaren", () => change("edits_comment", "comment", one)) : "",
      mine ? small("Slett", `d${one.id}`, "Slett kommentaren", () => act("removes_comment", { comment: one.id })) : "",
    ),
    ...one.comments.map((below) => comment(below, within, one)),
    parent ? "" : reply(one.id, `Svar ${one.author} …`, (text) => act("comments", { post: within.id, psid, text, parent: one.id })),
  );
}

function reply(key, placeholder, send) {
  const input = el("input", { type: "text", placeholder, "aria-label": placeholder, "data-key": `c${key}` });
  const form = el("form", { class: "reply" }, input, el("button", { textContent: "Svar" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    await send(text);
  });
  return form;
}

by("visit").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = by("post").value.trim();
  const kind = new FormData(by("visit")).get("kind");
  if (!text) return;
  by("post").value = "";
  await act("posts", { text, psid: state.psid, ...(kind === "post" ? {} : { recommends: kind === "yes" }) });
});

refresh();
setInterval(refresh, 1000);
