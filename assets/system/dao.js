/**
 * System contract 1, the DAO: power by locking, proposals, votes, and the settings they change.
 *
 * Power     A lock is a claimable balance of the governance asset that its owner made for himself
 *           and can claim at `until`, not before. It is live until then; nobody else holds it.
 * Snapshot  A lock counts in a proposal when it was made before the vote opens and lasts at least to
 *           its end. The total that the quorum is a share of counts exactly the same locks: at the
 *           proposal all that last long enough, then each further one until the vote opens.
 * Frozen    Whatever decides a proposal is fixed when it is made; later settings touch later ones.
 * State     Follows from close times alone, so nobody has to close a vote, or can hold one back.
 *           `passed` waits for its timelock, `queued` may be executed by anyone.
 * Units     Times are Unix seconds of close time, power is stroops, bps are hundredths of a percent.
 */
import {
  account,
  asset,
  bool,
  contract,
  ctx,
  emit,
  fail,
  hash,
  int,
  list,
  oneOf,
  optional,
  state,
  take,
  text,
} from "ace-node/contract";

/**
 * `param.set` gives the setting `name` a value. `contract.upgrade` changes the contract of number `value`
 * to `code`, which the registry does when it has enacted the vote; its `name` is empty.
 * `issuer.add` lets the account `name` sign access tokens with the key `code`, from the next epoch on.
 * `issuer.remove` ends that after `value` ledgers more; with 0 every token of the key ends at once.
 */
const action = {
  kind: oneOf("param.set", "contract.upgrade", "issuer.add", "issuer.remove"),
  name: text,
  value: int,
  code: optional(hash),
};

contract({
  name: "dao",
  implements: ["dao/1"],
  upgrade: "dao",
  methods: {
    setup: { args: [asset, account, list({ name: text, value: int, min: int, max: int }, 64)] },
    lock: { args: [int] },
    propose: { args: [text, action], returns: int },
    vote: { args: [int, oneOf("yes", "no", "abstain")], returns: int },
    execute: { args: [int], returns: int },
    enact: { args: [int, int, hash] },
    proposal: {
      args: [int],
      view: true,
      returns: optional({
        id: int,
        proposer: account,
        title: text,
        action,
        state: oneOf("delay", "voting", "passed", "rejected", "queued", "executed", "expired"),
        created: int,
        opens: int,
        ends: int,
        eta: int,
        graceEnds: int,
        yes: int,
        no: int,
        abstain: int,
        total: int,
        quorum: int,
        passBps: int,
      }),
    },
    proposals: {
      args: [optional(int)],
      view: true,
      returns: list(
        {
          id: int,
          proposer: account,
          title: text,
          action,
          state: oneOf("delay", "voting", "passed", "rejected", "queued", "executed", "expired"),
          created: int,
          opens: int,
          ends: int,
          eta: int,
          graceEnds: int,
          yes: int,
          no: int,
          abstain: int,
          total: int,
          quorum: int,
          passBps: int,
        },
        10,
      ),
    },
    ballot: {
      args: [int, account],
      view: true,
      returns: optional({ choice: oneOf("yes", "no", "abstain"), weight: int }),
    },
    power: { args: [account], view: true, returns: int },
    locks: {
      args: [account],
      view: true,
      returns: list({ id: hash, amount: int, made: int, until: int }, 32),
    },
    issuers: {
      args: [],
      view: true,
      returns: list({ key: hash, account, fromLedger: int, toLedger: int }, 64),
    },
    setting: { args: [text], view: true, returns: optional(int) },
    settings: {
      args: [],
      view: true,
      returns: list({ name: text, value: int, next: int, fromLedger: int, min: int, max: int }, 64),
    },
    judge: {
      args: [{ yes: int, no: int, abstain: int, total: int, quorumBps: int, passBps: int }],
      view: true,
      returns: bool,
    },
  },
});

const LOCKS_MAX = 32;
const LOCK_SECONDS_MAX = 126_144_000n; // four years
const TITLE_LENGTH_MAX = 120;
const OPEN_MAX = 20;
const OPEN_MAX_EACH = 2;
const PAGE = 10n;
const BPS = 10_000n;
const PASS_BPS = 5_000n;
const UPGRADE_PASS_BPS = 6_000n;

/** Rules of the sandbox that runs this: a vote names the next version, never another. */
const PROTOCOL = "protocol.version";

/** Keys that votes added or removed; those of network.json stand beside them. */
const ISSUERS_MAX = 64;
const ISSUER_GRACE_LEDGERS_MAX = 120_960n; // a week
const ACCOUNT_LENGTH = 56;
/**
 * The y coordinates of small order, little-endian and without the sign bit: whoever has such a key anybody
 * can sign for. Those that are written as p or more, and stand for them too, are refused for being so.
 */
const SMALL_ORDER_Y = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];
/** p is 2^255 - 19: from "ed", thirty times "ff", "7f" on, nothing is canonical. */
const FIRST_BYTE_OF_P = "ed";
const MIDDLE_OF_P = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const LAST_BYTE_OF_P = "7f";
const HEX = "0123456789abcdef";
/** Before every network's first ledger: nothing that such a key signed counts. */
const NEVER = 1n;

/** `sums` is a tree over `until`: digits of 4 bits, enough for 36 bits of seconds. */
const DIGIT = 16n;
const LEVELS = 9n;

const governance = state.value("governance", asset);
const registry = state.value("registry", account);
const settingRows = state.map("setting", text, {
  value: int,
  next: int,
  fromLedger: int,
  min: int,
  max: int,
});
const lockRows = state.map(
  "lock",
  account,
  list({ id: hash, amount: int, made: int, until: int }, 32),
);
const sums = state.map("sum", int, int, int);
const lastId = state.value("lastId", int);
const openRows = state.value(
  "open",
  list({ id: int, proposer: account, opens: int, ends: int }, 20),
);
const proposalRows = state.map("proposal", int, {
  proposer: account,
  title: text,
  action,
  created: int,
  opens: int,
  ends: int,
  eta: int,
  graceEnds: int,
  quorumBps: int,
  passBps: int,
});
const totals = state.map("total", int, int);
const tallies = state.map("tally", int, { yes: int, no: int, abstain: int });
const ballots = state.map("ballot", int, account, {
  choice: oneOf("yes", "no", "abstain"),
  weight: int,
});
const executions = state.map("executed", int, int);
/** `toLedger` 0 is open; else the last ledger whose rights the key may sign. */
const issuerRows = state.map("issuer", hash, { account, fromLedger: int, toLedger: int });

/** Runs once, at the genesis ledger. */
export function setup(governanceAsset, registryAddress, settingList) {
  governance.set(governanceAsset);
  registry.set(registryAddress);
  for (const { name, value, min, max } of settingList) {
    settingRows.set(name, { value, next: value, fromLedger: 0n, min, max });
  }
}

/** Counts the one claimable balance of this transaction as power until `until`. */
export function lock(until) {
  if (ctx.locks.length !== 1) fail("DAO_LOCK_FORM");
  const item = ctx.locks[0];
  demandSelfLock(item, until);
  const seconds = until - ctx.time;
  if (seconds < inForce("dao.minLockS") || seconds > LOCK_SECONDS_MAX) fail("DAO_LOCK_TIME");
  take(item);
  const live = liveLocks(ctx.caller);
  if (live.length >= LOCKS_MAX) fail("DAO_LOCK_LIMIT");
  const { id, amount } = item;
  live.push({ id, amount, made: ctx.time, until });
  lockRows.set(ctx.caller, live);
  addToSums(until, amount);
  addToTotals(until, amount);
  emit("locked", { account: ctx.caller, id, amount, until });
}

/** Proposes a change; the vote opens after the delay. Returns the proposal's number. */
export function propose(title, change) {
  if (title.length === 0 || title.length > TITLE_LENGTH_MAX) fail("DAO_TITLE");
  demandAction(change);
  const open = (openRows.get() ?? []).filter(({ ends }) => ends > ctx.time);
  const own = open.filter(({ proposer }) => proposer === ctx.caller);
  if (open.length >= OPEN_MAX || own.length >= OPEN_MAX_EACH) fail("DAO_OPEN_LIMIT");

  const opens = ctx.time + inForce("dao.delayS");
  const ends = opens + inForce("dao.votingS");
  const total = totalLasting(ends);
  const power = powerOf(ctx.caller, opens, ends);
  if (power === 0n || power * BPS < total * inForce("dao.thresholdBps")) fail("DAO_THRESHOLD");

  const id = (lastId.get() ?? 0n) + 1n;
  const { timelockS, quorumBps, passBps } = termsOf(change);
  const eta = ends + timelockS;
  lastId.set(id);
  proposalRows.set(id, {
    proposer: ctx.caller,
    title,
    action: change,
    created: ctx.time,
    opens,
    ends,
    eta,
    graceEnds: eta + inForce("dao.graceS"),
    quorumBps,
    passBps,
  });
  totals.set(id, total);
  tallies.set(id, { yes: 0n, no: 0n, abstain: 0n });
  open.push({ id, proposer: ctx.caller, opens, ends });
  openRows.set(open);
  emit("proposed", { proposal: id, proposer: ctx.caller, opens, ends });
  return id;
}

/** Votes with all power that the caller had at the snapshot; the last vote counts. */
export function vote(id, choice) {
  const proposal = proposalRows.get(id);
  if (proposal === undefined || stateOf(id, proposal) !== "voting") fail("DAO_NOT_OPEN");
  const before = ballots.get(id, ctx.caller);
  const weight = before?.weight ?? powerOf(ctx.caller, proposal.opens, proposal.ends);
  if (weight === 0n) fail("DAO_NO_POWER");
  const without = before ? counted(tallies.get(id), before.choice, -weight) : tallies.get(id);
  tallies.set(id, counted(without, choice, weight));
  ballots.set(id, ctx.caller, { choice, weight });
  emit("voted", { proposal: id, account: ctx.caller, choice, weight });
  return weight;
}

/** Executes what passed, once its timelock is over. Returns the ledger at which it takes effect. */
export function execute(id) {
  const proposal = proposalRows.get(id);
  demandQueued(id, proposal);
  const { kind, name, value } = proposal.action;
  if (kind === "contract.upgrade") fail("DAO_BY_REGISTRY");
  if (isIssuer(kind)) return executeIssuer(id, proposal.action);
  demandBounds(proposal.action);
  const { fromLedger: last, min, max } = settingRows.get(name);
  // Every node must have the next version at its first ledger: it is told early, and once.
  if (name === PROTOCOL && ctx.ledger < last) fail("DAO_PROTOCOL_PENDING");
  const notice = name === PROTOCOL ? inForce("protocol.noticeLedgers") : 0n;
  const epoch = inForce("epoch.ledgers");
  const fromLedger = ((ctx.ledger + notice) / epoch + 1n) * epoch;
  settingRows.set(name, { value: inForce(name), next: value, fromLedger, min, max });
  executions.set(id, fromLedger);
  emit("executed", { proposal: id, name, value, fromLedger });
  return fromLedger;
}

/** A removal takes effect at once: every token that a stolen key signs is one too many. */
function executeIssuer(id, { kind, name, value, code }) {
  const row = issuerRows.get(code);
  const isFull = issuerRows.scan({ limit: ISSUERS_MAX }).length >= ISSUERS_MAX;
  if (row === undefined && isFull) fail("DAO_ISSUERS_FULL");
  const epoch = inForce("epoch.ledgers");
  const isAdded = kind === "issuer.add";
  const fromLedger = isAdded ? (ctx.ledger / epoch + 1n) * epoch : (row?.fromLedger ?? 0n);
  const last = value === 0n ? NEVER : ctx.ledger + value;
  issuerRows.set(code, { account: name, fromLedger, toLedger: isAdded ? 0n : last });
  const effective = isAdded ? fromLedger : ctx.ledger;
  executions.set(id, effective);
  emit("executed", { proposal: id, name, key: code, kind, fromLedger: effective });
  return effective;
}

/** The registry asks before it changes a contract's code: all of it happens, or none. */
export function enact(id, number, code) {
  if (ctx.caller !== registry.get()) fail("DAO_BY_REGISTRY");
  const proposal = proposalRows.get(id);
  demandQueued(id, proposal);
  const { kind, value, code: voted } = proposal.action;
  const isVoted = kind === "contract.upgrade" && value === number && voted === code;
  if (!isVoted) fail("DAO_OTHER_ACTION");
  executions.set(id, ctx.ledger);
  emit("executed", { proposal: id, contract: number, code });
}

export function proposal(id) {
  const found = proposalRows.get(id);
  return found === undefined ? undefined : describe(id, found);
}

/** Ten proposals at most: from the given number, or the newest, downwards. */
export function proposals(from) {
  const newest = lastId.get() ?? 0n;
  const first = from === undefined || from > newest ? newest : from;
  const page = [];
  for (let id = first; id > 0n && id > first - PAGE; id -= 1n) {
    page.push(describe(id, proposalRows.get(id)));
  }
  return page;
}

export function ballot(id, voter) {
  return ballots.get(id, voter);
}

/** Power of all live locks of this account. */
export function power(owner) {
  return liveLocks(owner).reduce((sum, { amount }) => sum + amount, 0n);
}

export function locks(owner) {
  return liveLocks(owner);
}

/** What votes have changed of the issuers that network.json names. */
export function issuers() {
  return issuerRows.scan({ limit: ISSUERS_MAX }).map(({ key, value: row }) => ({
    key: key[0],
    account: row.account,
    fromLedger: row.fromLedger,
    toLedger: row.toLedger,
  }));
}

/** The value in force at this ledger. */
export function setting(name) {
  return settingRows.has(name) ? inForce(name) : undefined;
}

export function settings() {
  return settingRows.scan({ limit: 64 }).map(({ key, value: row }) => ({
    name: key[0],
    value: inForce(key[0]),
    next: row.next,
    fromLedger: row.fromLedger,
    min: row.min,
    max: row.max,
  }));
}

/** Whether these figures would pass. For anyone who recounts a vote. */
export function judge({ yes, no, abstain, total, quorumBps, passBps }) {
  return passes({ yes, no, abstain }, total, quorumBps, passBps);
}

function demandSelfLock(item, until) {
  const [claimant] = item.claimants;
  const { predicate } = claimant;
  const isSelf =
    item.claimants.length === 1 && item.from === ctx.caller && claimant.account === ctx.caller;
  const isUntil =
    predicate.kind === "not" && predicate.of.kind === "before" && predicate.of.time === until;
  if (!isSelf || !isUntil) fail("DAO_LOCK_FORM");
  if (item.asset !== governance.get()) fail("DAO_LOCK_ASSET");
}

/** A new list: rows that state hands out cannot be changed. */
function liveLocks(owner) {
  return (lockRows.get(owner) ?? []).filter(({ until }) => until > ctx.time);
}

/** Power in a vote: locks made before it opens that last at least to its end. */
function powerOf(owner, opens, ends) {
  return liveLocks(owner)
    .filter(({ made, until }) => made < opens && until >= ends)
    .reduce((sum, { amount }) => sum + amount, 0n);
}

/** At each level the sum of all locks whose `until` begins with the same digits. */
function addToSums(until, amount) {
  let prefix = until;
  for (let level = 0n; level < LEVELS; level += 1n) {
    sums.set(level, prefix, (sums.get(level, prefix) ?? 0n) + amount);
    prefix = prefix / DIGIT;
  }
}

/** Sum of all locks that last at least to `end`: at each level the greater siblings of its digit. */
function totalLasting(end) {
  let total = sums.get(0n, end) ?? 0n;
  let prefix = end;
  for (let level = 0n; level < LEVELS; level += 1n) {
    const last = (prefix / DIGIT) * DIGIT + DIGIT - 1n;
    for (let sibling = prefix + 1n; sibling <= last; sibling += 1n) {
      total += sums.get(level, sibling) ?? 0n;
    }
    prefix = prefix / DIGIT;
  }
  return total;
}

/** A lock made while a proposal waits for its vote belongs to its snapshot. */
function addToTotals(until, amount) {
  for (const { id, opens, ends } of openRows.get() ?? []) {
    if (ctx.time < opens && until >= ends) totals.set(id, totals.get(id) + amount);
  }
}

function demandQueued(id, proposal) {
  const reached = proposal === undefined ? "unknown" : stateOf(id, proposal);
  if (reached === "passed") fail("DAO_EARLY");
  if (reached === "expired") fail("DAO_EXPIRED");
  if (reached !== "queued") fail("DAO_NOT_QUEUED");
}

function isIssuer(kind) {
  return kind === "issuer.add" || kind === "issuer.remove";
}

function demandIssuer({ kind, name, value, code }) {
  const isAccount = name.length === ACCOUNT_LENGTH && name[0] === "G";
  const most = kind === "issuer.add" ? 0n : ISSUER_GRACE_LEDGERS_MAX;
  if (code === undefined || !isAccount || value < 0n || value > most) fail("DAO_ACTION");
  if (!isSound(code)) fail("DAO_ISSUER_KEY");
}

/** Whether the key is written as Ed25519 keys are, and not one that anybody can sign for. */
function isSound(key) {
  const y = key.slice(0, 62) + HEX[HEX.indexOf(key[62]) % 8] + key[63];
  if (SMALL_ORDER_Y.includes(y)) return false;
  const isMiddle = y.slice(2, 62) === MIDDLE_OF_P && y.slice(62) === LAST_BYTE_OF_P;
  return !isMiddle || y.slice(0, 2) < FIRST_BYTE_OF_P;
}

function demandAction({ kind, name, value, code }) {
  if (isIssuer(kind)) {
    demandIssuer({ kind, name, value, code });
    return;
  }
  const isUpgrade = kind === "contract.upgrade";
  if (isUpgrade !== (code !== undefined)) fail("DAO_ACTION");
  if (!isUpgrade) demandBounds({ name, value });
  else if (name !== "" || value < 0n) fail("DAO_ACTION");
}

/** Code asks for more than a setting: more must vote, more agree, and all can leave before it comes. */
function termsOf({ kind }) {
  const quorumBps = inForce("dao.quorumBps");
  if (kind !== "contract.upgrade") {
    return { timelockS: inForce("dao.timelockS"), quorumBps, passBps: PASS_BPS };
  }
  const least = inForce("dao.upgradeQuorumBps");
  return {
    timelockS: inForce("dao.upgradeTimelockS"),
    quorumBps: quorumBps > least ? quorumBps : least,
    passBps: UPGRADE_PASS_BPS,
  };
}

function demandBounds({ name, value }) {
  const row = settingRows.get(name);
  if (row === undefined) fail("DAO_NO_DECODER");
  if (value < row.min || value > row.max) fail("DAO_BOUNDS");
  if (name === PROTOCOL && value !== row.next + 1n) fail("DAO_PROTOCOL_NEXT");
}

function inForce(name) {
  const { value, next, fromLedger } = settingRows.get(name);
  return ctx.ledger >= fromLedger ? next : value;
}

function counted({ yes, no, abstain }, choice, weight) {
  return {
    yes: choice === "yes" ? yes + weight : yes,
    no: choice === "no" ? no + weight : no,
    abstain: choice === "abstain" ? abstain + weight : abstain,
  };
}

function passes({ yes, no, abstain }, total, quorumBps, passBps) {
  const hasQuorum = (yes + no + abstain) * BPS >= total * quorumBps;
  return hasQuorum && yes > 0n && yes * BPS > passBps * (yes + no);
}

function stateOf(id, { opens, ends, eta, graceEnds, quorumBps, passBps }) {
  if (ctx.time < opens) return "delay";
  if (ctx.time < ends) return "voting";
  if (!passes(tallies.get(id), totals.get(id), quorumBps, passBps)) return "rejected";
  if (executions.has(id)) return "executed";
  if (ctx.time < eta) return "passed";
  return ctx.time < graceEnds ? "queued" : "expired";
}

function describe(id, found) {
  const { proposer, title, action: change, created, opens, ends, eta, graceEnds, passBps } = found;
  const { yes, no, abstain } = tallies.get(id);
  const total = totals.get(id);
  return {
    id,
    proposer,
    title,
    action: change,
    state: stateOf(id, found),
    created,
    opens,
    ends,
    eta,
    graceEnds,
    yes,
    no,
    abstain,
    total,
    quorum: (total * found.quorumBps + BPS - 1n) / BPS,
    passBps,
  };
}
