/** Sign-in of a node: its server key, Stellar's signers, and challenges that work once. */
import { Keypair } from "@stellar/stellar-sdk";
import { SignIn } from "../access/sign-in.ts";
import type { Stellar } from "../client/stellar.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import type { Clock } from "../lib/clock.ts";
import type { Outbox } from "../store/outbox.ts";
import type { OperatorKeys } from "./files.ts";

export interface SignInParts {
  readonly network: ServiceNetwork;
  readonly networkId: string;
  readonly operator: OperatorKeys;
  /** Known only once the node listens. */
  readonly webAuthDomain: () => string;
  readonly outbox: Outbox;
  readonly wasClosedCleanly: boolean;
  readonly stellar: Stellar;
  readonly clock: Clock;
}

/** Made on first use: only then is it known where this node listens. */
export function openSignIn(parts: SignInParts, startedAtS: number): () => SignIn {
  let opened: SignIn | undefined;
  return () => {
    opened ??= make(parts, startedAtS);
    return opened;
  };
}

function make(parts: SignInParts, startedAtS: number): SignIn {
  const { network, networkId, operator, outbox, wasClosedCleanly, stellar, clock } = parts;
  const key = Keypair.fromSecret(operator.issuerSecret);
  return new SignIn({
    server: { account: key.publicKey(), sign: (hash) => key.sign(Buffer.from(hash)) },
    passphrase: network.passphrase,
    networkId,
    homeDomain: network.name,
    webAuthDomain: parts.webAuthDomain(),
    ...(wasClosedCleanly ? {} : { uncleanStartAtS: startedAtS }),
    signers: {
      of: async (id) => {
        const found = await stellar.signers(id);
        return found === undefined
          ? { exists: false, signers: [], mediumThreshold: 0 }
          : { exists: true, ...found };
      },
    },
    consumed: { consume: (hash, forgetAtS) => outbox.consume(hash, forgetAtS) },
    clock,
  });
}
