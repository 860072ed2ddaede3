/**
 * The forms of the node's HTTP API: one schema each, shared by server, client, CLI and reference.
 *
 * Units   Amounts and contract integers are decimal strings; hashes and bytes are hexadecimal.
 */
import { z } from "zod";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.string().regex(/^-?\d+$/);

export const ChainLinkJson = z.object({
  sequence: z.int(),
  headerHash: hash.describe("Stellar's own hash of the ledger header"),
  closeTime: z.int().describe("Unix seconds"),
  ledgerHash: hash.describe("Hash chain over receipts and state: equal on every honest node"),
  stateRoot: hash,
  receiptsRoot: hash,
});
export type ChainLinkJson = z.infer<typeof ChainLinkJson>;

const TrustJson = z.object({
  required: z.int().describe("The level that a ledger must have reached to be applied"),
  level: z.int().describe("The level of the last applied ledger: 0, 1 or 2"),
  words: z.string().describe("What that level means"),
  verified: z.int().optional().describe("The last ledger whose every hash holds"),
  level1: z.int().optional().describe("The highest ledger at level 1"),
  anchored: z
    .int()
    .optional()
    .describe("The last ledger that the quorum set is proved to agree on"),
});

const SourceJson = z.object({
  id: z.string(),
  kind: z.enum(["rpc", "lake", "archive"]),
  state: z.enum(["following", "behind", "backing off", "quarantined"]),
  fault: z.object({ code: z.string(), message: z.string() }).optional(),
  retryMs: z.int().optional().describe("Until it is asked again"),
  latencyMs: z.int().optional().describe("From question to answer, averaged"),
  lagMs: z.int().optional().describe("Age of the newest ledger that it sent"),
  newest: z.int().optional().describe("The newest ledger that it claims to have"),
});
export type SourceJson = z.infer<typeof SourceJson>;

export const StatusJson = z.object({
  version: z.string(),
  network: z.object({ id: hash, name: z.string(), passphrase: z.string(), vault: z.string() }),
  genesisLedger: z.int(),
  protocol: z.object({
    version: z.int().describe("Rules in force at the last applied ledger"),
    known: z.array(z.int()).describe("Versions that this node's release has"),
    next: z
      .object({ version: z.int(), fromLedger: z.int() })
      .optional()
      .describe("Voted for: the node must have it at that ledger, or it stops there"),
  }),
  tip: ChainLinkJson.optional().describe("Absent until the genesis ledger is applied"),
  lagS: z.int().optional().describe("Age of the last applied ledger"),
  trust: TrustJson,
  sources: z.array(SourceJson),
  state: z.enum(["following", "waiting", "stopped"]),
  fault: z.object({ code: z.string(), message: z.string(), hint: z.string() }).optional(),
  contents: z.int().describe("Films and packages that it lists"),
  liveStreams: z.int().optional().describe("Live streams that it lists"),
  swarming: z.object({
    tracker: z.string().describe("The node's own tracker"),
    peer: z.string().describe("host:port of its BitTorrent port"),
    webSeed: z.string().optional().describe("Folder of its web seeds, where it has them"),
    serverKey: hash.describe("The key it proves at the gate"),
  }),
  issues: z.boolean().describe("Whether this node issues access tokens"),
});
export type StatusJson = z.infer<typeof StatusJson>;

const EventJson = z.object({ contract: whole, topic: z.string(), data: z.unknown() });
const PayJson = z.object({
  contract: whole,
  to: z.string(),
  asset: z.string(),
  amount: whole.describe("Stroops"),
});
const RefundJson = z.object({ to: z.string(), asset: z.string(), amount: whole });

export const ReceiptJson = z.object({
  ledger: z.int(),
  txHash: hash,
  index: z.int(),
  contract: whole,
  method: z.string(),
  caller: z.string(),
  ok: z.boolean(),
  code: z.string().describe("Why it failed; empty when it did not"),
  gasUsed: whole,
  gasLimit: whole,
  result: z.unknown(),
  events: z.array(EventJson),
  pays: z.array(PayJson),
  refunds: z.array(RefundJson),
  receiptHash: hash,
});
export type ReceiptJson = z.infer<typeof ReceiptJson>;

export const ReceiptsJson = z.object({
  /** The node's last applied ledger: no receipt yet means wait only while this is behind. */
  tip: z.int(),
  receipts: z.array(ReceiptJson),
});
export type ReceiptsJson = z.infer<typeof ReceiptsJson>;

const bytes = z.string().regex(/^(?:[0-9a-f]{2})*$/);

/** What a ledger hash is made of: `ace-node/verify` checks proofs against it. */
export const LedgerFieldsJson = z.object({
  previous: hash,
  sequence: z.int(),
  receiptsRoot: hash,
  stateRoot: hash,
  protocolHash: hash,
});
export type LedgerFieldsJson = z.infer<typeof LedgerFieldsJson>;

export const LedgerChainJson = z.object({
  ledgerHash: hash.describe("Of the newest of these ledgers"),
  chain: z.array(LedgerFieldsJson).describe("Newest first, each the `previous` of the one before"),
});
export type LedgerChainJson = z.infer<typeof LedgerChainJson>;

export const StateProofJson = z.object({
  ledgerHash: hash,
  ledger: LedgerFieldsJson,
  key: bytes,
  value: bytes.optional().describe("Absent when the proof is of absence"),
  proof: bytes,
});
export type StateProofJson = z.infer<typeof StateProofJson>;

export const ReceiptProofsJson = z.object({
  proofs: z.array(
    z.object({
      ledgerHash: hash,
      ledger: LedgerFieldsJson,
      receipt: bytes.describe("Canonical CBOR"),
      proof: bytes,
    }),
  ),
});
export type ReceiptProofsJson = z.infer<typeof ReceiptProofsJson>;

const ChangeJson = z.object({
  contract: whole.describe("Whose state: 0 is the system's own, such as balances and the book"),
  name: z.string().describe("As in `state.value(name)`; for the system what the entry is"),
  key: bytes.describe("Of a map: the bytes of its key"),
  before: z.unknown().optional().describe("Absent when there was nothing"),
  after: z.unknown().optional().describe("Absent when it is deleted"),
});
export type ChangeJson = z.infer<typeof ChangeJson>;

export const SimulationJson = z.object({
  ledger: z.int(),
  receipts: z.array(ReceiptJson),
  changes: z.array(ChangeJson).describe("Net, in the order of their keys"),
});
export type SimulationJson = z.infer<typeof SimulationJson>;

export const ViewJson = z.object({
  ok: z.boolean(),
  code: z.string(),
  result: z.unknown(),
  gasUsed: whole,
  ledger: z.int(),
});
export type ViewJson = z.infer<typeof ViewJson>;

const UpgradeJson = z.object({
  policy: z.enum(["none", "owner", "dao"]),
  words: z.string().describe("Who may change the code, as a buyer reads it"),
  delayS: z.int().optional().describe("From announcement to change; only of an owner"),
  announced: z
    .object({
      codeHash: hash,
      announced: z.int().describe("Unix seconds"),
      earliest: z.int().describe("It may take effect from here on"),
      expires: z.int().describe("and no longer from here on"),
    })
    .optional(),
});

const FormerJson = z.object({
  version: whole,
  codeHash: hash,
  untilLedger: z.int(),
  until: z.int().describe("Unix seconds"),
});

export const CodeJson = z.object({
  codeHash: hash.describe("SHA-256 of the source"),
  name: z.string(),
  source: z.string().describe("Plain JavaScript, as every node runs it"),
  abi: z.string().describe("Canonical CBOR of the ABI, base64"),
});
export type CodeJson = z.infer<typeof CodeJson>;

export const PartsJson = z.object({
  parts: z.array(z.object({ offset: z.int(), bytes: z.int(), sha256: hash })),
});
export type PartsJson = z.infer<typeof PartsJson>;

export const GasJson = z.object({
  fromLedger: z.int(),
  ledger: z.int(),
  methods: z.array(
    z.object({
      method: z.string(),
      calls: z.int().describe("That succeeded"),
      least: whole,
      median: whole,
      most: whole,
    }),
  ),
});
export type GasJson = z.infer<typeof GasJson>;

export const ContractJson = z.object({
  number: whole,
  address: z.string().describe("M-address: pay here"),
  name: z.string(),
  owner: z.string(),
  codeHash: hash,
  version: whole.describe("1 as deployed, one more with each change of code"),
  upgrade: UpgradeJson,
  former: z.array(FormerJson).describe("What it ran before, oldest first"),
  balances: z.array(z.object({ asset: z.string(), amount: whole.describe("Stroops") })),
  storage: z
    .object({ bytes: z.int(), bytesMax: z.int().optional().describe("System contracts have none") })
    .describe("Keys and values of its state"),
  sourceBytes: z.int(),
  implements: z.array(z.string()),
  methods: z.array(
    z.object({
      name: z.string(),
      args: z.array(z.string()),
      returns: z.string().optional(),
      view: z.boolean(),
      payable: z.union([z.boolean(), z.array(z.string())]),
    }),
  ),
  abi: z.string().describe("Canonical CBOR of the ABI, base64"),
});
export type ContractJson = z.infer<typeof ContractJson>;

export const PayablesJson = z.object({
  account: z.string(),
  ledger: z.int(),
  items: z.array(z.object({ asset: z.string(), amount: whole.describe("Stroops owed") })),
});
export type PayablesJson = z.infer<typeof PayablesJson>;
