// Who is signed in here, and the ways in and out.
import { computed, signal } from "@preact/signals";
import {
  type Api,
  ApiError,
  type Availability,
  type Json,
  type Locale,
  type Me,
  type Permission,
  type SignIn,
} from "@svardesk/wire";

export class SessionStore {
  readonly state = signal<"unknown" | "out" | "mfa" | "in" | "unreachable">("unknown");
  readonly me = signal<Me | null>(null);
  readonly permissions = computed(() => new Set<Permission>(this.me.value?.permissions ?? []));
  /** Signed out by the server while at work: the sign-in page says why it is there. */
  readonly expired = signal(false);
  #challenge: string | null = null;

  constructor(readonly api: Api) {}

  /** May the agent do that? Buttons that would be refused are not shown. */
  may(permission: Permission): boolean {
    return this.permissions.value.has(permission);
  }

  /** Is a session there from before? */
  async check(): Promise<void> {
    try {
      this.#enter(await this.api.me());
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) this.state.value = "out";
      // Whoever is at work stays there: what they see is told to be old, and the line comes back by itself.
      else if (this.state.value !== "in") this.state.value = "unreachable";
    }
  }

  /** Another sign-in in this browser has taken the session's place. True when it is the same person's. */
  async renew(): Promise<boolean> {
    const before = this.me.value?.agent.id;
    const me = await this.api.me();
    this.#enter(me);
    return me.agent.id === before;
  }

  async signIn(email: string, password: string, organisation: string): Promise<void> {
    this.#answer(await this.api.signIn(email, password, organisation || undefined));
  }

  async confirm(code: string): Promise<void> {
    if (!this.#challenge) return this.restart();
    this.#answer(await this.api.confirmSignIn(this.#challenge, code));
  }

  async accept(token: string, name: string, password: string, locale: Locale): Promise<void> {
    this.#answer(await this.api.acceptInvitation(token, name, password, locale));
  }

  restart(): void {
    this.#challenge = null;
    this.state.value = "out";
  }

  /** Throws when the server did not hear of it: the session would live on, and the next reload would be in it again. */
  async signOut(): Promise<void> {
    await this.api.signOut().catch((error) => {
      if (!(error instanceof ApiError) || error.passing) throw error;
    });
    this.#leave();
  }

  async signOutEverywhere(): Promise<void> {
    await this.api.signOutEverywhere();
    this.#leave();
  }

  /** The server no longer knows the session. */
  lost(): void {
    if (this.state.value !== "in") return;
    this.#leave();
    this.expired.value = true;
  }

  async setAvailability(availability: Availability): Promise<void> {
    const before = this.me.value?.agent.availability;
    this.#patch({ availability });
    try {
      await this.api.patchMe({ availability });
    } catch (error) {
      if (before) this.#patch({ availability: before });
      throw error;
    }
  }

  async change(patch: Partial<Pick<Me["agent"], "name" | "locale">>): Promise<void> {
    await this.api.patchMe(patch);
    this.#patch(patch);
  }

  async setting(key: string, value: Json): Promise<void> {
    const settings = { ...this.me.value?.agent.settings, [key]: value };
    this.#patch({ settings });
    await this.api.patchMe({ settings });
  }

  totp(enabled: boolean): void {
    const me = this.me.value;
    if (me) this.me.value = { ...me, totp_enabled: enabled };
  }

  #answer(answer: SignIn): void {
    if (answer.state === "mfa_required") {
      this.#challenge = answer.challenge;
      this.state.value = "mfa";
    } else this.#enter(answer);
  }

  #enter(me: Me): void {
    this.api.http.csrf = me.csrf;
    this.me.value = me;
    this.expired.value = false;
    this.#challenge = null;
    this.state.value = "in";
  }

  #leave(): void {
    this.api.http.csrf = null;
    this.me.value = null;
    this.state.value = "out";
  }

  #patch(patch: Partial<Me["agent"]>): void {
    const me = this.me.value;
    if (me) this.me.value = { ...me, agent: { ...me.agent, ...patch } };
  }
}
