import { read, TO_FRAME, type ToFrame, type ToPage } from "../shared/protocol";

/** The line to the page that holds the frame. Only the parent window, only under the origin that the server let in. */
export class Bridge {
  constructor(
    readonly origin: string,
    readonly heard: (message: ToFrame) => void,
  ) {
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || event.origin !== this.origin) return;
      const message = read<ToFrame>(TO_FRAME, event.data);
      if (message) this.heard(message);
    });
  }

  tell(message: ToPage): void {
    window.parent.postMessage({ svardesk: 1, ...message }, this.origin);
  }
}
