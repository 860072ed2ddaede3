/** The flags of an account that issues assets. Source: Stellar-ledger-entries.x (AccountFlags). */
export const AUTH_REQUIRED = 1;
export const AUTH_REVOCABLE = 2;
export const AUTH_IMMUTABLE = 4;
export const AUTH_CLAWBACK_ENABLED = 8;
export const ACCOUNT_FLAGS = 0xf;
