/** Errors of following Stellar, of submitting to it, and of the embedded devnet. */
export const ledgerCatalogue = {
  NETWORK_MISMATCH: {
    status: 502,
    exit: 6,
    hint: "Check the endpoint and `network.json`. A devnet with --reset or --memory began anew.",
  },
  LEDGER_HASH_MISMATCH: {
    status: 502,
    exit: 6,
    hint: "The source sent data that Stellar never signed. Use another source; nothing was applied.",
  },
  LEDGER_MALFORMED: {
    status: 502,
    exit: 6,
    hint: "The data is broken or over a limit. Fetch it again, or use another source.",
  },
  LEDGER_PROTOCOL_UNKNOWN: {
    status: 502,
    exit: 6,
    hint: "Stellar moved to a protocol this version does not read. Upgrade the node.",
  },
  LEDGER_FORK: {
    status: 502,
    exit: 6,
    hint: "Sources contradict one another. `ace node status` names them; remove those you do not trust.",
  },
  LEDGER_UNANCHORED: {
    status: 502,
    exit: 6,
    hint: "Add archives with --archive, or check the validators in the --quorum file.",
  },
  LEDGER_RETENTION_EXCEEDED: {
    status: 502,
    exit: 6,
    hint: "Name a source of whole history beside it: --lake or --archive.",
  },
  LEDGER_NO_SOURCE: {
    status: 503,
    exit: 6,
    hint: "Start a network with `ace devnet`, or name an endpoint with --rpc.",
  },
  QUORUM_INVALID: {
    status: 500,
    exit: 2,
    hint: "JSON {threshold, validators: [G…], innerQuorumSets: […]}, for an archive with its --passphrase.",
  },
  SUBMIT_REJECTED: {
    status: 422,
    exit: 6,
    hint: "Stellar refused the transaction; nothing was charged. The result code says why.",
  },
  SUBMIT_FAILED: {
    status: 422,
    exit: 6,
    hint: "The transaction is in a ledger but failed; only its fee was charged.",
  },
  SUBMIT_EXPIRED: {
    status: 408,
    exit: 6,
    hint: "The transaction can no longer be in a ledger. Send it again.",
  },
  SUBMIT_TIMEOUT: {
    status: 504,
    exit: 8,
    hint: "It may still apply. Look first, before sending again: `ace tx show <hash>`.",
  },
  ACCOUNT_MISSING: {
    status: 404,
    exit: 3,
    hint: "The account is not on this network yet. On a devnet: `ace key fund <name>`.",
  },
  DEVNET_UNSUPPORTED: {
    status: 501,
    exit: 6,
    hint: "The devnet does not model this. Use Stellar's testnet for it.",
  },
  DEVNET_BAD_ENVELOPE: {
    status: 400,
    exit: 6,
    hint: "Send a base64 TransactionEnvelope signed for this network.",
  },
  DEVNET_PASSPHRASE: {
    status: 400,
    exit: 2,
    hint: "A devnet never uses the passphrase of a public network. Choose your own.",
  },
  DEVNET_DATA: {
    status: 500,
    exit: 6,
    hint: "Stop the devnet that uses it, name another folder with --data, or begin anew with --reset.",
  },
  DEVNET_FAULT_INVALID: {
    status: 400,
    exit: 2,
    hint: "`ace devnet --help` lists the faults, such as rpc:lag=3 or lake:missing@120.",
  },
  REPLAY_ARCHIVE: {
    status: 400,
    exit: 2,
    hint: "Name a history archive that is whole from genesis. --passphrase names its network.",
  },
  DEVNET_LIMIT: {
    status: 507,
    exit: 6,
    hint: "The devnet reached a limit of its memory. Start a fresh one.",
  },
} as const;
