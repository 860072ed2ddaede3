/**
 * Divides income among fixed recipients, exact to the stroop over its whole life.
 *
 * For each asset it keeps what ever came in and what each line was ever paid. A line's due is
 * `floor(received * ppm / 1,000,000)` less what it was paid: however the income is cut into
 * payments, nobody loses a share to rounding, and less than one stroop a line waits for the next.
 *
 * A direct payment, which a buyer makes to the recipients himself, enters the same books. It may
 * give a line its odd stroop early; that line then gets so much less of what comes after.
 */
import {
  account,
  asset,
  bool,
  contract,
  ctx,
  emit,
  fail,
  int,
  list,
  pay,
  state,
} from "ace-node/contract";

contract({
  name: "revenue-split",
  implements: ["split/1"],
  methods: {
    setup: { args: [list({ to: account, ppm: int }, 50)] },
    receive: { args: [], payable: true },
    credit: { args: [asset], returns: int, payable: true },
    allow: { args: [account] },
    disallow: { args: [account] },
    recordDirect: { args: [asset, list({ to: account, amount: int }, 50)], returns: bool },
    vector: { args: [asset, int], returns: list({ to: account, amount: int }, 50), view: true },
    lines: { args: [], returns: list({ to: account, ppm: int }, 50), view: true },
    allows: { args: [account], returns: bool, view: true },
    owner: { args: [], returns: account, view: true },
    statement: {
      args: [asset],
      returns: {
        received: int,
        held: int,
        lines: list({ to: account, ppm: int, accrued: int, paid: int }, 50),
      },
      view: true,
    },
  },
});

interface Line {
  readonly to: string;
  readonly ppm: bigint;
}

interface Payment {
  readonly to: string;
  readonly amount: bigint;
}

interface Book {
  /** All that ever came in, directly or through the vault. */
  readonly received: bigint;
  /** All that each line was ever paid, in the order of the lines. */
  readonly paid: readonly bigint[];
}

/** Shares are millionths. */
const WHOLE = 1_000_000n;

const shares = state.value("lines", list({ to: account, ppm: int }, 50));
const deployer = state.value("owner", account);
const sellers = state.map("seller", account, bool);
const books = state.map("book", asset, { received: int, paid: list(int, 50) });

export function setup(given: readonly Line[]): void {
  const sum = given.reduce((total, { ppm }) => total + ppm, 0n);
  if (sum !== WHOLE || given.some(({ ppm }) => ppm <= 0n)) fail("SPLIT_SUM");
  if (new Set(given.map(({ to }) => to)).size !== given.length) fail("SPLIT_DUPLICATE");
  if (given.some(({ to }) => isOfVault(to))) fail("SPLIT_RECIPIENT");
  shares.set(given);
  deployer.set(ctx.caller);
}

/** A plain payment is income. */
export function receive(): void {
  const assets = new Set<string>();
  for (const transfer of ctx.transfers) {
    if (transfer.to === ctx.self) assets.add(transfer.asset);
  }
  for (const paid of assets) divide(paid);
}

/** Divides what came with this call, and what came without one. Returns the new income. */
export function credit(of: string): bigint {
  return divide(of);
}

/** Lets a licence contract record direct payments. Only for the owner; name its M… address. */
export function allow(seller: string): void {
  demandOwner();
  if (!isOfVault(seller) || !seller.startsWith("M")) fail("SPLIT_POLICY");
  sellers.set(seller, true);
}

export function disallow(seller: string): void {
  demandOwner();
  sellers.delete(seller);
}

/**
 * Books payments that a buyer made to the recipients himself, if they are exact: each line got its
 * share of the sum, rounded down or up. What the books say does not matter to this, so two buyers in
 * one ledger cannot spoil each other's payment. Returns whether they are.
 */
export function recordDirect(of: string, payments: readonly Payment[]): boolean {
  if (!allows(ctx.caller)) fail("SPLIT_POLICY");
  const total = payments.reduce((sum, { amount }) => sum + amount, 0n);
  const amounts = lines().map(({ to }) => payments.find((payment) => payment.to === to)?.amount);
  const known = amounts.filter((amount) => amount !== undefined).length;
  const isExact = lines().every(({ ppm }, index) => {
    const excess = (amounts[index] ?? 0n) * WHOLE - total * ppm;
    return -WHOLE < excess && excess < WHOLE;
  });
  if (total <= 0n || known !== payments.length || !isExact) return false;

  const book = bookOf(of);
  books.set(of, {
    received: book.received + total,
    paid: book.paid.map((paid, index) => paid + (amounts[index] ?? 0n)),
  });
  emit("direct", { asset: of, amount: total });
  return true;
}

/** How to pay `amount` directly: the odd stroops go to the lines that are owed most. */
export function vector(of: string, amount: bigint): readonly Payment[] {
  const book = bookOf(of);
  const debts = lines().map(({ to, ppm }, index) => {
    const share = (amount * ppm) / WHOLE;
    const paid = (book.paid[index] ?? 0n) + share;
    return {
      to,
      share,
      isOdd: share * WHOLE !== amount * ppm,
      debt: owed(book, amount, ppm, paid),
    };
  });
  let odd = debts.reduce((rest, { share }) => rest - share, amount);
  const owedMost = new Set<string>();
  for (const { to, isOdd } of debts.slice().sort(byDebt)) {
    if (isOdd && odd > 0n) {
      owedMost.add(to);
      odd -= 1n;
    }
  }
  return debts
    .map(({ to, share }) => ({ to, amount: owedMost.has(to) ? share + 1n : share }))
    .filter((payment) => payment.amount > 0n);
}

export function lines(): readonly Line[] {
  return shares.get() ?? [];
}

export function allows(seller: string): boolean {
  return sellers.get(seller) ?? false;
}

export function owner(): string {
  return deployer.get() ?? "";
}

/** The books of one asset. `held` waits here: less than a stroop a line. */
export function statement(of: string) {
  const { received, paid } = bookOf(of);
  return {
    received,
    held: heldOf({ received, paid }),
    lines: lines().map(({ to, ppm }, index) => ({
      to,
      ppm,
      accrued: (received * ppm) / WHOLE,
      paid: paid[index] ?? 0n,
    })),
  };
}

/**
 * Income is what the contract holds beyond its books. A line that direct payments left short gets
 * its due as far as the money reaches, and the rest out of the next income.
 */
function divide(of: string): bigint {
  const book = bookOf(of);
  const balance = ctx.balance(of);
  const income = balance - heldOf(book);
  const received = book.received + income;
  let left = balance;
  const paid = lines().map(({ to, ppm }, index) => {
    const before = book.paid[index] ?? 0n;
    const due = (received * ppm) / WHOLE - before;
    const amount = due < left ? due : left;
    if (amount <= 0n) return before;
    pay(to, of, amount);
    left -= amount;
    return before + amount;
  });
  books.set(of, { received, paid });
  if (income > 0n) emit("credited", { asset: of, amount: income });
  return income;
}

function bookOf(of: string): Book {
  return books.get(of) ?? { received: 0n, paid: lines().map(() => 0n) };
}

function heldOf({ received, paid }: Book): bigint {
  return paid.reduce((rest, amount) => rest - amount, received);
}

/** What a line with this share is owed after `amount` more, in millionths of a stroop. */
function owed({ received }: Book, amount: bigint, ppm: bigint, paid: bigint): bigint {
  return (received + amount) * ppm - paid * WHOLE;
}

function byDebt(left: { readonly debt: bigint }, right: { readonly debt: bigint }): number {
  if (left.debt === right.debt) return 0;
  return left.debt > right.debt ? -1 : 1;
}

function demandOwner(): void {
  if (ctx.caller !== owner()) fail("SPLIT_OWNER");
}

/** G… and M… addresses of one account share these characters: those of its key. */
function isOfVault(address: string): boolean {
  return address.slice(2, 52) === ctx.self.slice(2, 52);
}
