/**
 * The kit: everything a contract may use, imported as `ace-node/contract`.
 *
 * A contract is plain TypeScript that calls these; its types are stripped by `ace contract build`,
 * and the node runs it in a sandbox that supplies the real functions. Outside the sandbox they throw.
 *
 * Units   `int` is a `bigint`; amounts are stroops; times are Unix seconds of ledger close time.
 *         `hash` and `bytes` are lower-case hexadecimal text, `account` is a G… or M… address,
 *         `asset` is `XLM` or `CODE:ISSUER`. A number is never stored, passed or returned: use 1n.
 */

/** Describes a value that state, arguments, results and events may hold. */
export interface Type<Value> {
  readonly kind: string;
  /** Only for the compiler: never there at run time. */
  readonly holds?: Value;
}

export type Holds<T> = T extends Type<infer Value> ? Value : T extends Fields ? Shape<T> : never;
export interface Fields {
  readonly [name: string]: Type<unknown> | Fields;
}
/** A plain object of types is a record. */
export type Shape<F extends Fields> = { readonly [Name in keyof F]: Holds<F[Name]> };
type Described = Type<unknown> | Fields;

export const int: Type<bigint> = { kind: "int" };
export const bool: Type<boolean> = { kind: "bool" };
export const text: Type<string> = { kind: "text" };
export const account: Type<string> = { kind: "account" };
export const asset: Type<string> = { kind: "asset" };
/** 32 bytes. */
export const hash: Type<string> = { kind: "hash" };
/** Exactly `length` bytes. */
export const bytes = (_length: number): Type<string> => outside("bytes");
/** At most `_max` items. */
export const list = <T extends Described>(_item: T, _max: number): Type<readonly Holds<T>[]> =>
  outside("list");
export const record = <F extends Fields>(_fields: F): Type<Shape<F>> => outside("record");
/** The value, or undefined. */
export const optional = <T extends Described>(_type: T): Type<Holds<T> | undefined> =>
  outside("optional");
/** One of these texts. */
export const oneOf = <const Names extends readonly string[]>(
  ..._names: Names
): Type<Names[number]> => outside("oneOf");

/** The native asset. */
export const XLM = "XLM";

export interface Method {
  readonly args: readonly Described[];
  readonly returns?: Described;
  /** A view changes nothing and needs no transaction. */
  readonly view?: boolean;
  /** Takes payments: of any asset, or of the ones listed. Others fail with `NOT_PAYABLE`. */
  readonly payable?: boolean | readonly string[];
}

export interface Contract {
  /** 1 to 32 of a-z, 0-9 and -. */
  readonly name: string;
  /** Interfaces such as `licence/1` and `split/1`. */
  readonly implements?: readonly string[];
  /**
   * `setup` runs once at deployment, `receive` on a plain payment to the contract's address, and
   * `migrate`, given the version before, when its code changes.
   */
  readonly methods: Readonly<Record<string, Method>>;
  /** Who may change the code: nobody, unless it says so here. Shown to everyone who deals with it. */
  readonly upgrade?: Upgrade;
  /**
   * What state may hold at most, in bytes of keys and values: 16 MiB when left out, up to 1 GiB. A write
   * that would pass it fails with `STORAGE_FULL`; freeing always works.
   */
  readonly storageBytes?: number;
}

/**
 * `none`: the code never changes. `dao`: a passed vote changes it. `owner`: who deployed it may, so
 * many days (7 to 365) after announcing the new code. A later version may only be stricter.
 */
export type Upgrade =
  | "none"
  | "dao"
  | "owner"
  | { readonly by: "owner"; readonly delayDays: number };

/** Declares the contract: one literal at top level, read from the source, never run. */
export const contract = (_declaration: Contract): void => outside("contract");

export interface StateValue<Value> {
  get(): Value | undefined;
  set(value: Value): void;
  has(): boolean;
  delete(): void;
}

/** Rows are ordered by the bytes of their encoded keys. */
export interface StateMap<Key extends readonly unknown[], Value> {
  get(...key: Key): Value | undefined;
  set(...keyAndValue: [...Key, Value]): void;
  has(...key: Key): boolean;
  delete(...key: Key): void;
  /** At most `limit` (100) rows after the key `from`, in key order. */
  scan(options?: { readonly from?: Key; readonly limit?: number }): readonly {
    readonly key: Key;
    readonly value: Value;
  }[];
}

/** Keys may be int, text, account, asset, hash and bytes. A name is 1 to 32 of a-z, A-Z, 0-9, _. */
interface State {
  value<T extends Described>(name: string, type: T): StateValue<Holds<T>>;
  map<K extends Described, T extends Described>(
    name: string,
    key: K,
    type: T,
  ): StateMap<[Holds<K>], Holds<T>>;
  map<K1 extends Described, K2 extends Described, T extends Described>(
    name: string,
    first: K1,
    second: K2,
    type: T,
  ): StateMap<[Holds<K1>, Holds<K2>], Holds<T>>;
}

export const state: State = { value: () => outside("state"), map: () => outside("state") };

export interface Transfer {
  readonly operation: bigint;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly amount: bigint;
}

export interface Lock {
  readonly operation: bigint;
  readonly id: string;
  readonly from: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly claimants: readonly { readonly account: string; readonly predicate: Predicate }[];
}

export type Predicate =
  | { readonly kind: "always" }
  | { readonly kind: "and" | "or"; readonly of: readonly [Predicate, Predicate] }
  | { readonly kind: "not"; readonly of: Predicate }
  | { readonly kind: "before"; readonly time: bigint }
  | { readonly kind: "within"; readonly seconds: bigint };

interface Context {
  /** Who called: the transaction's G… account, or the M… address of the calling contract. */
  readonly caller: string;
  /** This contract's own M… address, and its number. */
  readonly self: string;
  readonly number: bigint;
  readonly ledger: bigint;
  /** Close time of the ledger. */
  readonly time: bigint;
  readonly txHash: string;
  /** What came with this call, of one asset. */
  paid(asset: string): bigint;
  /** What this contract holds of one asset, with what came with this call. */
  balance(asset: string): bigint;
  /** Every payment and every claimable balance of the transaction, whoever receives it. */
  readonly transfers: readonly Transfer[];
  readonly locks: readonly Lock[];
}

export const ctx: Context = {
  caller: "",
  self: "",
  number: 0n,
  ledger: 0n,
  time: 0n,
  txHash: "",
  paid: () => outside("ctx"),
  balance: () => outside("ctx"),
  transfers: [],
  locks: [],
};

/** Counts a transfer or lock as used, once in a transaction; again fails `TRANSFER_TAKEN`. */
export const take = (_item: Transfer | Lock): void => outside("take");

/** Owes `to` this amount out of the contract's balance; the vault pays it on Stellar. */
export const pay = (_to: string, _asset: string, _amount: bigint): void => outside("pay");

/** Puts an event into the receipt. `data` holds bigint, boolean, text, arrays and plain objects. */
export const emit = (_topic: string, _data: unknown): void => outside("emit");

export interface CallOptions {
  /** Paid out of this contract's balance; comes back when the call fails. */
  readonly pay?: { readonly asset: string; readonly amount: bigint };
  readonly gas?: bigint;
}

/**
 * Calls another contract: all or nothing. Its failure throws an error with `.code`. Its result has
 * the type that its own ABI declares; say which: `call<bigint>(…)`.
 */
export const call = <Result = unknown>(
  _contract: bigint,
  _method: string,
  _args: readonly unknown[],
  _options?: CallOptions,
): Result => outside("call");

/** Ends the call with this code, 1 to 48 of A-Z, 0-9 and _. Nothing it did remains. */
export const fail: (code: string) => never = () => outside("fail");

/** SHA-256 of bytes, hexadecimal in and out. */
export const sha256 = (_hexadecimal: string): string => outside("sha256");

/** Whether `account` signed the bytes with its own key (Ed25519). */
export const verify = (_account: string, _message: string, _signature: string): boolean =>
  outside("verify");

function outside(name: string): never {
  throw new Error(`"${name}" of ace-node/contract runs only inside the sandbox`);
}
