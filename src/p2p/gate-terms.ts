/**
 * What the gate of one wire is given, remembers, takes in and gives out.
 *
 * Units   `nowS`, `expiresAtS` and the like are Unix seconds.
 */
import type { ErrorCode } from "../lib/errors.ts";
import type { Grant } from "./access-port.ts";
import type { Bencoded } from "./bencode.ts";
import type { DeviceKey } from "./ed25519.ts";
import type { GateRole, Hello } from "./gate-message.ts";

export type Verified =
  | ({
      readonly ok: true;
      /** The key that the token is bound to, 64 hexadecimal characters. */
      readonly deviceKey: string;
      readonly account: string;
      readonly expiresAtS: number;
    } & Partial<Grant>)
  | { readonly ok: false; readonly code: ErrorCode };

/** Judges tokens offline. What they mean is not this room's business. */
export interface TokenVerifier {
  verify(token: string, want: { readonly aud: string; readonly nowS: number }): Verified;
  /** Why what it granted does not stand any more; asked at each tick. */
  endedBy?(grant: Grant, nowS: number): ErrorCode | undefined;
}

/** What never changes during one wire. */
export interface GateTerms {
  readonly role: GateRole;
  readonly infohash: Uint8Array;
  /** Name of the swarm, as a token's audience says it. */
  readonly aud: string;
  readonly key: DeviceKey;
  readonly nonce: Uint8Array;
  /** Without one nobody is admitted. */
  readonly verifier?: TokenVerifier;
  /**
   * Keys of the nodes that the content record lists, in hexadecimal: who proves one may have what it
   * is to serve, and needs no token. Nobody when absent.
   */
  readonly servers?: ReadonlySet<string>;
  /** Present when we hold a right to this content ourselves. */
  readonly download?: {
    /** Keys of the nodes that the content record lists, in hexadecimal. */
    readonly serverKeys: ReadonlySet<string>;
    /** Also show our token to other viewers, so that both can share what they have. */
    readonly sharing: boolean;
  };
}

export interface GateState {
  readonly startedS: number;
  readonly peer?: Hello;
  /** The peer proved the key it showed. */
  readonly isProven: boolean;
  /** The key it proved is admitted by itself. */
  readonly isPeerServer?: boolean;
  readonly tokenSent: boolean;
  readonly grant?: Grant;
  /** Until when the peer serves us, as it says. */
  readonly openedUntilS?: number;
  /** When to ask for a token, first or newer. */
  readonly askAtS?: number;
  /** How often that was since the peer last opened. */
  readonly asks: number;
  readonly closed?: ErrorCode;
  readonly window: { readonly startS: number; readonly messages: number };
}

export type GateInput =
  | { readonly kind: "hello"; readonly fields: ReadonlyMap<string, Bencoded> }
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "token"; readonly token: string }
  /** Its messages cost more than this node can give now. */
  | { readonly kind: "refuse"; readonly code: ErrorCode }
  | { readonly kind: "tick" };

export type GateAction =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "ask-token" }
  | { readonly kind: "admit"; readonly grant: Grant }
  | { readonly kind: "opened" }
  | { readonly kind: "denied"; readonly code: string }
  | { readonly kind: "close"; readonly code: ErrorCode };

export interface GateStep {
  readonly state: GateState;
  readonly actions: readonly GateAction[];
}
