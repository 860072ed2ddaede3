/**
 * Refusals in plain words: the codes of the sandbox, of the system contracts and of the templates.
 *
 * A contract of somebody else's may use the same code for something else, so the code stands first.
 */
const words: Readonly<Record<string, string>> = {
  ARGS_INVALID: "the arguments are not what the method declares",
  CODE_INCOMPLETE: "the code is not on the ledger yet",
  CONTRACT_UNKNOWN: "there is no contract of the number that it calls",
  METHOD_UNKNOWN: "it has no such method",
  NOT_PAYABLE: "it takes no payment, or not of this asset",
  OUT_OF_GAS: "it needs more gas than the call may use",
  INSUFFICIENT_BALANCE: "the contract does not hold that much",

  CODE_FROZEN: "the protocol version in force no longer admits its code",
  OWNER_FULL: "this account has deployed as much as one may: docs/spec/storage.md",
  PROTOCOL_SKIPPED: "operators agreed to skip this transaction: docs/spec/protocol.md",
  STORAGE_FULL: "the contract holds as much state as it may: `ace contract inspect`",
  UPLOAD_FULL: "the source came in too many parts",
  UPGRADE_BY_OWNER: "its owner decides, not a vote",
  UPGRADE_BY_VOTE: "a vote of the DAO decides, not its owner",
  UPGRADE_EXPIRED: "the announcement has lapsed; announce it anew",
  UPGRADE_INCOMPATIBLE: "the new code takes away what others rely on:",
  UPGRADE_NEVER: "its code never changes",
  UPGRADE_NOT_ANNOUNCED: "no change is announced",
  UPGRADE_NOT_OWNER: "only its owner may",
  UPGRADE_OTHER_CODE: "other code was announced: `ace contract inspect`",
  UPGRADE_SAME_CODE: "it runs this code already",
  UPGRADE_TOO_EARLY: "the announced time has not come: `ace contract inspect`",

  DAO_ACTION: "the proposal does not name what it changes",
  DAO_BOUNDS: "the value is outside its bounds: `ace dao settings`",
  DAO_BY_REGISTRY: "the registry executes a vote on code: `ace dao execute`",
  DAO_EARLY: "the timelock is still running: `ace dao show`",
  DAO_EXPIRED: "it was not executed in time",
  DAO_LOCK_ASSET: "only the governance asset gives power",
  DAO_LOCK_FORM: "the lock must be one claimable balance to yourself",
  DAO_LOCK_LIMIT: "this account holds as many locks as it may",
  DAO_LOCK_TIME: "the lock is too short or too long: `ace dao settings`",
  DAO_NOT_OPEN: "the vote is not open: `ace dao show`",
  DAO_NOT_QUEUED: "it has not passed, or is executed already: `ace dao show`",
  DAO_NO_DECODER: "there is no such setting: `ace dao settings`",
  DAO_NO_POWER: "this account had locked nothing when the proposal was made: `ace dao lock`",
  DAO_PROTOCOL_NEXT: "only the version after the last one can be voted for: `ace node status`",
  DAO_PROTOCOL_PENDING: "a version is waiting for its ledger: `ace node status`",
  DAO_OPEN_LIMIT: "too many proposals are open",
  DAO_ISSUER_KEY: "the issuer's key is none, or one that anybody can sign for",
  DAO_OTHER_ACTION: "the vote was on something else: `ace dao show`",
  DAO_THRESHOLD: "this account's power is too small to propose: `ace dao lock`",
  DAO_TITLE: "the title is empty or too long",

  DEVICE_COOLDOWN: "another account removed this device in the last 180 days",
  DEVICE_LIMIT: "this account has sixteen devices: `ace device remove`",
  DEVICE_LINKED: "this account has linked it already: `ace device list`",
  DEVICE_PROOF: "the device key did not sign for this account",
  DEVICE_TAKEN: "another account has linked this device",
  DEVICE_UNKNOWN: "this account has not linked it: `ace device list`",

  LICENCE_ASSET: "it is not sold for this asset",
  LICENCE_DIRECT_VECTOR: "the direct payments are not the price, divided as the split says",
  LICENCE_LIVE_RIGHT: "this account has it for ever already",
  LICENCE_NOT_OWNER: "only its owner may",
  LICENCE_NO_CONTENT: "it does not list this content",
  LICENCE_NO_CREDIT: "there is no credit",
  LICENCE_PRICE_CHANGED: "the price is above your limit",
  LICENCE_UNDERPAID: "it costs more: `ace licence quote`",

  SPLIT_DUPLICATE: "a recipient stands there twice",
  SPLIT_OWNER: "only its owner may",
  SPLIT_POLICY: "the split's owner has not allowed this contract",
  SPLIT_SUM: "the shares do not add up to 1000000 ppm",
};

/** The code, and what it says where that is known. */
export function refusalWords(code: string): string {
  const meaning = Object.hasOwn(words, code) ? words[code] : undefined;
  return meaning === undefined ? code : `${code}, ${meaning}`;
}
