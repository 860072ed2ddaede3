/** Puts a gate on a wire: what it is made of, and what it may do there. */
import { randomBytes } from "node:crypto";
import type { PayloadSink } from "./access-port.ts";
import type { DeviceKey } from "./ed25519.ts";
import type { TokenVerifier } from "./gate.ts";
import { GateDriver, type GateEvents, type TokenSource } from "./gate-driver.ts";
import { GATE_EXTENSION, helloFields, NONCE_BYTES } from "./gate-message.ts";
import { VerifyBudget } from "./verify-budget.ts";
import type { Wire } from "./wire.ts";

/** How a gated swarm is gated, from this node's side. */
export interface GatePolicy {
  readonly deviceKey: DeviceKey;
  /** Judges the tokens of peers. Without it this node uploads to nobody. */
  readonly upload?: TokenVerifier;
  /** Keys of nodes that the record lists, in hexadecimal: admitted by their proof alone. */
  readonly servers?: readonly string[];
  /** Told what was sent under which token. */
  readonly usage?: PayloadSink;
  /** Name of the swarm in tokens; `btih:` and the infohash when left out. */
  readonly audience?: string;
  /** This node's own right to the content; a seeding node needs none. */
  readonly download?: {
    readonly tokens: TokenSource;
    /** Keys that the content record lists, in hexadecimal. */
    readonly serverKeys: readonly string[];
    /** Also show tokens to other viewers, to share with them. */
    readonly sharing?: boolean;
  };
}

interface LinkGateContext extends Omit<GateEvents, "send" | "close"> {
  readonly infohash: string;
  readonly wire: Wire;
  readonly signal: AbortSignal;
  nowS(): number;
}

/** One for each key that a node proves: all its wires share what its processor can give. */
const budgets = new WeakMap<DeviceKey, VerifyBudget>();

/** Called before the handshake, which carries our key and nonce. */
export function openLinkGate(policy: GatePolicy, context: LinkGateContext): GateDriver {
  const { deviceKey, upload, servers, download, usage, audience } = policy;
  const { infohash, wire, signal } = context;
  const nonce = Uint8Array.from(randomBytes(NONCE_BYTES));
  const face = { key: deviceKey.publicKey, nonce };
  const hello = helloFields({ ...face, gatesUploads: true, holdsToken: download !== undefined });
  wire.offerExtensions([GATE_EXTENSION], hello);
  const right = download && {
    serverKeys: new Set(download.serverKeys),
    sharing: download.sharing ?? false,
  };
  return new GateDriver({
    terms: {
      role: wire.isOutgoing ? "I" : "A",
      infohash: Uint8Array.fromHex(infohash),
      aud: audience ?? `btih:${infohash}`,
      key: deviceKey,
      nonce,
      ...(upload === undefined ? {} : { verifier: upload }),
      ...(servers === undefined ? {} : { servers: new Set(servers) }),
      ...(right === undefined ? {} : { download: right }),
    },
    tokens: download?.tokens,
    host: wire.host,
    budget: budgetOf(deviceKey),
    usage,
    sentBytes: () => wire.payload.upBytes,
    nowS: () => context.nowS(),
    signal,
    events: {
      send: (bytes) => wire.sendExtension(GATE_EXTENSION, bytes),
      onAdmitted: (grant) => context.onAdmitted(grant),
      onOpened: () => context.onOpened(),
      onDenied: (code) => context.onDenied(code),
      onTokenFault: (error) => context.onTokenFault(error),
      close: (code) => {
        wire.setChoking(true);
        wire.close(code);
      },
    },
  });
}

function budgetOf(key: DeviceKey): VerifyBudget {
  const known = budgets.get(key);
  if (known !== undefined) return known;
  const budget = new VerifyBudget();
  budgets.set(key, budget);
  return budget;
}
