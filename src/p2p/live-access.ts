/** Whether this node may watch: the last refusal counts while no peer serves us. */
import { isErrorCode } from "../lib/catalogue.ts";
import { AceError } from "../lib/errors.ts";
import { DENIALS_TO_FAIL } from "./limits.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { SwarmStats } from "./swarm-stats.ts";

/** Answers that more tries will not change: no right, or no such content. */
const REFUSED_STATUSES = new Set([401, 403, 404]);

export class LiveAccess {
  readonly #download: GatePolicy["download"];
  readonly #title: string;
  #refusal: AceError | undefined;
  #denials = 0;

  constructor(gate: GatePolicy | undefined, title: string) {
    this.#download = gate?.download;
    this.#title = title;
  }

  get refusal(): AceError | undefined {
    return this.#refusal;
  }

  async ask(audience: string, signal: AbortSignal): Promise<void> {
    if (this.#download === undefined) return;
    await this.#download.tokens.token(audience, signal);
    this.#refusal = undefined;
  }

  opened(): void {
    this.#refusal = undefined;
    this.#denials = 0;
  }

  /** One server may be wrong about a token; when it happens again, the viewer should know why. */
  denied(code: string): void {
    this.#denials += 1;
    if (this.#denials < DENIALS_TO_FAIL || !isErrorCode(code)) return;
    this.failed(new AceError(code, `the peers of "${this.#title}" refuse the token`));
  }

  failed(error: AceError): void {
    if (REFUSED_STATUSES.has(error.status)) this.#refusal = error;
  }

  stateOf(isServed: boolean): SwarmStats["access"] {
    if (this.#download === undefined) return "none";
    if (isServed) return "granted";
    return this.#refusal === undefined ? "waiting" : "refused";
  }
}
