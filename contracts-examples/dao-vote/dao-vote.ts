/**
 * A club decides on one value: each member has one vote, and more than half of all must agree.
 *
 * It needs no locked asset and knows no power but membership, which is fixed at deployment; the DAO
 * of the whole network is another contract.
 *
 * Units  Times are Unix seconds of close time.
 */
import {
  account,
  bool,
  contract,
  ctx,
  emit,
  fail,
  int,
  list,
  oneOf,
  optional,
  state,
  text,
} from "ace-node/contract";

contract({
  name: "dao-vote",
  methods: {
    setup: { args: [list(account, 100), int, int] },
    propose: { args: [text, int], returns: int },
    vote: { args: [int, bool] },
    close: { args: [int], returns: bool },
    value: { args: [], returns: int, view: true },
    members: { args: [], returns: list(account, 100), view: true },
    proposal: {
      args: [int],
      returns: optional({
        proposer: account,
        reason: text,
        value: int,
        ends: int,
        yes: int,
        no: int,
        state: oneOf("voting", "passed", "rejected", "closed"),
      }),
      view: true,
    },
  },
});

const REASON_LENGTH_MAX = 120;

const clubMembers = state.value("members", list(account, 100));
const club = state.value("club", { value: int, votingS: int, lastId: int });
const proposals = state.map("proposal", int, {
  proposer: account,
  reason: text,
  value: int,
  ends: int,
  yes: int,
  no: int,
  closed: bool,
});
const ballots = state.map("ballot", int, account, bool);

export function setup(list: readonly string[], value: bigint, votingS: bigint): void {
  if (list.length === 0 || new Set(list).size !== list.length) fail("CLUB_MEMBERS");
  if (votingS <= 0n) fail("CLUB_VOTING_TIME");
  clubMembers.set(list);
  club.set({ value, votingS, lastId: 0n });
}

/** Proposes a new value; the vote is open at once. Returns the proposal's number. */
export function propose(reason: string, value: bigint): bigint {
  demandMember();
  if (reason.length > REASON_LENGTH_MAX) fail("CLUB_REASON");
  const now = clubNow();
  const id = now.lastId + 1n;
  club.set({ value: now.value, votingS: now.votingS, lastId: id });
  const ends = ctx.time + now.votingS;
  proposals.set(id, {
    proposer: ctx.caller,
    reason,
    value,
    ends,
    yes: 0n,
    no: 0n,
    closed: false,
  });
  emit("proposed", { proposal: id, value, ends });
  return id;
}

/** Votes, or changes a vote, while the vote is open. */
export function vote(id: bigint, agrees: boolean): void {
  demandMember();
  const found = proposals.get(id);
  if (found === undefined || ctx.time >= found.ends) fail("CLUB_NOT_OPEN");
  const before = ballots.get(id, ctx.caller);
  ballots.set(id, ctx.caller, agrees);
  proposals.set(id, {
    proposer: found.proposer,
    reason: found.reason,
    value: found.value,
    ends: found.ends,
    yes: found.yes + votes(agrees, true) - votes(before, true),
    no: found.no + votes(agrees, false) - votes(before, false),
    closed: false,
  });
  emit("voted", { proposal: id, member: ctx.caller, agrees });
}

/** Ends a vote whose time is over; anyone may. Returns whether the value changed. */
export function close(id: bigint): boolean {
  const found = proposals.get(id);
  if (found === undefined || found.closed) fail("CLUB_NOT_OPEN");
  if (ctx.time < found.ends) fail("CLUB_EARLY");
  const { proposer, reason, value: proposed, ends, yes, no } = found;
  proposals.set(id, { proposer, reason, value: proposed, ends, yes, no, closed: true });
  if (!isMajority(yes)) return false;
  const { votingS, lastId } = clubNow();
  club.set({ value: proposed, votingS, lastId });
  emit("changed", { proposal: id, value: proposed });
  return true;
}

export function value(): bigint {
  return clubNow().value;
}

export function members(): readonly string[] {
  return clubMembers.get() ?? [];
}

export function proposal(id: bigint) {
  const found = proposals.get(id);
  if (found === undefined) return undefined;
  const { proposer, reason, value: proposed, ends, yes, no } = found;
  return { proposer, reason, value: proposed, ends, yes, no, state: stateOf(found) };
}

type State = "voting" | "passed" | "rejected" | "closed";

function stateOf(found: { ends: bigint; yes: bigint; closed: boolean }): State {
  if (found.closed) return "closed";
  if (ctx.time < found.ends) return "voting";
  return isMajority(found.yes) ? "passed" : "rejected";
}

/** Five of ten is not a majority. */
function isMajority(yes: bigint): boolean {
  return yes * 2n > BigInt(members().length);
}

function votes(ballot: boolean | undefined, choice: boolean): bigint {
  return ballot === choice ? 1n : 0n;
}

function demandMember(): void {
  if (!members().includes(ctx.caller)) fail("CLUB_NOT_MEMBER");
}

function clubNow(): { value: bigint; votingS: bigint; lastId: bigint } {
  return club.get() ?? fail("CLUB_MEMBERS");
}
