/**
 * Assets as text: `XLM` for the native asset, else `CODE:ISSUER`.
 *
 * Errors  `ASSET_INVALID` for any other text.
 * Source  SEP-11, "Asset"; there the native asset reads `native`, here it is named as people say it.
 */
import { AceError } from "./errors.ts";
import { isAccount } from "./strkey.ts";

export const XLM = "XLM";

const ISSUED = /^([A-Za-z0-9]{1,12}):(G[A-Z2-7]{55})$/;

interface AssetParts {
  readonly code: string;
  readonly issuer?: string;
}

export function parseAsset(text: string): AssetParts {
  const parts = partsOf(text);
  if (parts === undefined) throw new AceError("ASSET_INVALID", `"${text}" is not an asset`);
  return parts;
}

export function isAsset(text: string): boolean {
  return partsOf(text) !== undefined;
}

function partsOf(text: string): AssetParts | undefined {
  if (text === XLM) return { code: XLM };
  const [, code, issuer] = ISSUED.exec(text) ?? [];
  const isIssued = code !== undefined && issuer !== undefined && isAccount(issuer);
  return isIssued ? { code, issuer } : undefined;
}
