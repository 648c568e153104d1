/**
 * What the shop's page (loader) and the chat (frame, on our origin) say to each other by `postMessage`.
 *
 * Both sides check three things before they listen: the window it came from, its origin, and that the message has one
 * of the shapes below. Anything else on that wire is somebody else's and is ignored.
 */

export interface Page {
  url: string;
  title: string;
}

/** What the page wants the desk to know about the visitor; unsigned, so never more than a claim. */
export type Attributes = Record<string, string | number | boolean>;

export type ToFrame =
  | {
      t: "init";
      shown: boolean;
      modal: boolean;
      focus: boolean;
      page: Page;
      token?: string;
      attributes?: Attributes;
      theme?: string;
      accent?: string;
    }
  | { t: "shown"; modal: boolean; focus: boolean }
  | { t: "hidden" }
  | { t: "user"; token: string }
  | { t: "attributes"; attributes: Attributes }
  | { t: "page"; page: Page }
  | { t: "reset" };

export type ToPage =
  | { t: "ready" }
  | { t: "close" }
  | { t: "unread"; count: number }
  | { t: "talking"; on: boolean }
  | { t: "event"; name: string; detail: object };

/** Field → a value of its type; a trailing `?` in the name means that it may be missing, or null as pages write it. */
type Shapes = Record<string, Record<string, unknown>>;

export const TO_FRAME: Shapes = {
  init: {
    shown: true,
    modal: true,
    focus: true,
    page: {},
    "token?": "",
    "attributes?": {},
    "theme?": "",
    "accent?": "",
  },
  shown: { modal: true, focus: true },
  hidden: {},
  user: { token: "" },
  attributes: { attributes: {} },
  page: { page: {} },
  reset: {},
};

export const TO_PAGE: Shapes = {
  ready: {},
  close: {},
  unread: { count: 0 },
  talking: { on: true },
  event: { name: "", detail: {} },
};

/** The message if it has one of the shapes, else undefined. */
export function read<T>(shapes: Shapes, data: unknown): T | undefined {
  const message = data as Record<string, unknown> | null;
  if (message?.svardesk !== 1 || !Object.hasOwn(shapes, message.t as string)) return;
  const shape = shapes[message.t as string];
  for (const field in shape) {
    const name = field.replace("?", "");
    const value = message[name];
    if (value == null ? name === field : typeof value !== typeof shape[field]) return;
  }
  return message as T;
}
