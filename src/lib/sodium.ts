/**
 * libsodium, where npm could install it for this machine. It is loaded when first asked for.
 *
 * Source  sodium-native, an optional dependency with its binaries in the package.
 */
import { createRequire } from "node:module";

export interface Sodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean;
}

/** Undefined where the package is absent, or has no binary that loads here. */
export function loadSodium(): Sodium | undefined {
  try {
    const found: unknown = createRequire(import.meta.url)("sodium-native");
    return isSodium(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isSodium(value: unknown): value is Sodium {
  return (
    typeof value === "object" &&
    value !== null &&
    "crypto_sign_verify_detached" in value &&
    typeof value.crypto_sign_verify_detached === "function"
  );
}
