/** Errors of sign-in, entitlement and tokens. */
export const accessCatalogue = {
  CHALLENGE_INVALID: { status: 401, exit: 4, hint: "Start the sign-in again." },
  CHALLENGE_EXPIRED: { status: 401, exit: 4, hint: "Start the sign-in again; check your clock." },
  CHALLENGE_USED: {
    status: 401,
    exit: 4,
    hint: "A challenge works once. Start the sign-in again.",
  },
  SIGNERS_INSUFFICIENT: {
    status: 401,
    exit: 4,
    hint: "More of the account's signers must sign the challenge.",
  },
  SESSION_INVALID: { status: 401, exit: 4, hint: "Sign in again." },
  PROOF_INVALID: {
    status: 401,
    exit: 4,
    hint: "The device key did not prove itself. Sign in again with this device.",
  },
  LICENCE_MISSING: {
    status: 403,
    exit: 5,
    hint: "Buy it first: `ace licence buy <contract>`.",
  },
  LICENCE_EXPIRED: { status: 403, exit: 5, hint: "Renew it: `ace licence buy <contract>`." },
  LICENCE_NOT_STARTED: {
    status: 403,
    exit: 5,
    hint: "The right has not begun yet. Try again later.",
  },
  LICENCE_REVOKED: { status: 403, exit: 5, hint: "The owner withdrew it. Ask them why." },
  CONTENT_NOT_OFFERED: {
    status: 403,
    exit: 5,
    hint: "This contract does not offer this content. `ace content list` names the right one.",
  },
  REGION_DENIED: { status: 403, exit: 5, hint: "It may not be watched in this country." },
  DEVICE_NOT_LINKED: { status: 403, exit: 5, hint: "Link this device: `ace device add`." },
  DEVICE_LIMIT: { status: 403, exit: 5, hint: "Remove another device: `ace device remove <key>`." },
  MINUTES_SPENT: { status: 403, exit: 5, hint: "Buy again: `ace licence buy <contract>`." },
  ACCESS_METHOD_INVALID: {
    status: 502,
    exit: 5,
    hint: "The contract's `access` method is faulty. Tell its owner.",
  },
  TOKEN_INVALID: { status: 401, exit: 4, hint: "Ask for a new token: `ace token get`." },
  TOKEN_EXPIRED: { status: 401, exit: 4, hint: "Ask for a new token: `ace token get`." },
  TOKEN_AUDIENCE: {
    status: 401,
    exit: 4,
    hint: "Ask for one for this content: `ace token get <content>`.",
  },
  TOKEN_NOT_YOURS: {
    status: 401,
    exit: 4,
    hint: "Ask for one on this device: `ace token get <content>`.",
  },
  TOKEN_NETWORK: { status: 401, exit: 4, hint: "This token is for another service network." },
  TOKEN_REVOKED: {
    status: 401,
    exit: 4,
    hint: "Its right has ended: `ace licence show <contract>` tells what you hold.",
  },
  LEASE_FULL: {
    status: 409,
    exit: 5,
    hint: "Stop a stream on another device: `ace token leases` lists them, `ace token stop` frees one.",
  },
  LEASE_LOST: { status: 409, exit: 5, hint: "Another device plays now. Start this stream again." },
  LEASE_CALL_INVALID: {
    status: 401,
    exit: 6,
    hint: "Issuers' nodes ask this of each other. Check their clocks, their keys and `--issuer-node`.",
  },
  PROOF_REPLAYED: { status: 401, exit: 4, hint: "A proof works once. Make a new one." },
  ISSUERS_STALE: {
    status: 503,
    exit: 6,
    hint: "What this node knows of issuers is too old. Connect it to a node that follows the network.",
  },
  ISSUER_UNKNOWN: {
    status: 401,
    exit: 4,
    hint: "The token's issuer is not one of this network's now. `ace token explain` shows who it is.",
  },
  KEY_UNAVAILABLE: {
    status: 503,
    exit: 6,
    hint: "Try again shortly. The key is kept by the node of who published the content.",
  },
  KEY_CONFLICT: {
    status: 409,
    exit: 2,
    hint: "A key that may have been released is never replaced. Publish again, or begin a new epoch.",
  },
  KEY_EPOCH_INVALID: {
    status: 400,
    exit: 2,
    hint: "Only the keys of this moment are released: of the epoch that runs, and the next.",
  },
  NODE_BEHIND: { status: 503, exit: 6, hint: "The node is catching up. Try again shortly." },
  RATE_LIMITED: { status: 429, exit: 6, hint: "Wait, then try again." },
} as const;
