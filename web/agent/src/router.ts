// Which page the address names. History routing below /app/.
import { signal } from "@preact/signals";
import type { Filters, ViewName } from "@svardesk/wire";

export const BASE = "/app";
export const VIEWS: readonly ViewName[] = ["mine", "unassigned", "teams", "all", "waiting", "snoozed", "closed"];

export type Section =
  | "profile"
  | "security"
  | "notifications"
  | "agents"
  | "teams"
  | "tags"
  | "widgets"
  | "forms"
  | "mailboxes"
  | "meta"
  | "posts"
  | "badges"
  | "tokens"
  | "audit"
  | "privacy"
  | "organisation";

export interface InboxRoute {
  page: "inbox";
  view: ViewName;
  viewId: string | null;
  /** A saved view is shown with `view` and `filters` of the address instead of its own: somebody is trying others. */
  edited?: boolean;
  filters: Filters;
  conversation: string | null;
}

export type Route =
  | InboxRoute
  | { page: "search"; q: string; conversation: string | null }
  | { page: "settings"; section: Section | null }
  | { page: "invitation" | "password-reset"; token: string }
  | { page: "forgotten" };

const FILTER_KEYS = ["team_id", "assignee_id", "tag_id", "contact_id", "channel"] as const;

/** A part of a path as it was meant; one that is broken names nothing here, and stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parse(path: string, search: string): Route {
  const parts = path.replace(BASE, "").split("/").filter(Boolean).map(decoded);
  const query = new URLSearchParams(search);
  const [head, one = "", two = "", three = ""] = parts;
  if ((head === "invitation" || head === "password-reset") && one) return { page: head, token: one };
  if (head === "password-reset") return { page: "forgotten" };
  if (head === "settings") return { page: "settings", section: (one as Section) || null };
  if (head === "search") return { page: "search", q: query.get("q") ?? "", conversation: one || null };
  if (head === "c") return { page: "inbox", view: "all", viewId: null, filters: {}, conversation: one || null };
  const filters: Filters = {};
  for (const key of FILTER_KEYS) {
    const value = query.get(key);
    if (value) filters[key] = value;
  }
  if (head === "inbox" && one === "view") {
    const saved = { page: "inbox", viewId: two, conversation: three || null } as const;
    const tried = VIEWS.find((each) => each === query.get("view"));
    return tried ? { ...saved, view: tried, filters, edited: true } : { ...saved, view: "all", filters: {} };
  }
  const view = VIEWS.find((each) => each === one) ?? "mine";
  return { page: "inbox", view, viewId: null, filters, conversation: (head === "inbox" && two) || null };
}

export function format(route: Route): string {
  const query = new URLSearchParams();
  let path = "";
  if (route.page === "inbox") {
    path = route.viewId ? `/inbox/view/${route.viewId}` : `/inbox/${route.view}`;
    if (route.conversation) path += `/${route.conversation}`;
    if (route.viewId && route.edited) query.set("view", route.view);
    if (!route.viewId || route.edited)
      for (const key of FILTER_KEYS) if (route.filters[key]) query.set(key, route.filters[key]);
  } else if (route.page === "search") {
    path = `/search${route.conversation ? `/${route.conversation}` : ""}`;
    if (route.q) query.set("q", route.q);
  } else if (route.page === "settings") path = `/settings${route.section ? `/${route.section}` : ""}`;
  else if (route.page === "forgotten") path = "/password-reset";
  else path = `/${route.page}/${encodeURIComponent(route.token)}`;
  const text = query.toString();
  return BASE + path + (text ? `?${text}` : "");
}

/** The person whose conversations are the list, if the address names one. */
export function personOf(route: Route): string | null {
  return (route.page === "inbox" && !route.viewId && route.filters.contact_id) || null;
}

export const ALL: InboxRoute = { page: "inbox", view: "all", viewId: null, filters: {}, conversation: null };

export class Router {
  readonly route = signal<Route>(parse(location.pathname, location.search));
  /** Where somebody was before they went to one person's conversations. */
  #before: Route = ALL;

  constructor() {
    addEventListener("popstate", () => {
      this.route.value = parse(location.pathname, location.search);
    });
  }

  /** From one person's conversations to where they were looked up; what is open stays open. */
  leavePerson(): void {
    const now = this.route.value;
    const open = now.page === "inbox" ? now.conversation : null;
    this.go("conversation" in this.#before ? { ...this.#before, conversation: open } : this.#before);
  }

  go(route: Route, options: { replace?: boolean } = {}): void {
    if (personOf(route) && !personOf(this.route.value)) this.#before = this.route.value;
    const url = format(route);
    if (url !== location.pathname + location.search) {
      if (options.replace) history.replaceState(null, "", url);
      else history.pushState(null, "", url);
    }
    this.route.value = route;
  }

  /** For links: follows an ordinary press inside the app and leaves all others to the browser. */
  readonly follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!link.pathname.startsWith(`${BASE}/`)) return;
    event.preventDefault();
    this.go(parse(link.pathname, link.search));
  };
}
