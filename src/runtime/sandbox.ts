/** The sandbox port: a place that runs admitted code and nothing else. */
import type { Abi } from "../contracts/abi.ts";

/** What code in the sandbox may ask for. Bytes are byte text; an empty answer is "none" or "done". */
export interface SandboxHost {
  read(key: string): string;
  write(key: string, value: string): string;
  scan(prefix: string, after: string, limit: number): string;
  emit(topic: string, data: string): string;
  pay(to: string, asset: string, amount: string): string;
  take(kind: string, index: number): string;
  paid(asset: string): string;
  balance(asset: string): string;
  facts(kind: string): string;
  sha256(bytes: string): string;
  verify(key: string, message: string, signature: string): string;
  enter(contract: string, method: string, asset: string, amount: string): string;
  leave(code: string): string;
}

export interface SandboxCall {
  readonly facts: FrameFacts;
  readonly method: string;
  /** CBOR of the arguments, as byte text. */
  readonly args: string;
  readonly gas: number;
}

/** What contract code learns of the call that runs it. */
export interface FrameFacts {
  readonly codeHash: string;
  readonly number: string;
  readonly self: string;
  readonly caller: string;
  readonly ledger: string;
  readonly time: string;
  readonly txHash: string;
}

export interface Outcome {
  /** Empty when the call succeeded. */
  readonly code: string;
  readonly gasUsed: number;
  /** CBOR of the result, as byte text; empty when the call failed. */
  readonly result: string;
}

export interface Sandbox {
  /** Makes admitted code known. */
  install(codeHash: string, code: string, abi: Abi): void;
  /** Runs one method; what it asks for goes to `host`. Throws only when the engine itself failed. */
  run(call: SandboxCall, host: SandboxHost): Outcome;
}
