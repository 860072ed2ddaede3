/** Contracts and code in the form of the HTTP API. */
import type { CodeJson, ContractJson } from "../client/schemas.ts";
import { encodeAbi, typeText } from "../contracts/abi.ts";
import { policyText } from "../contracts/upgrade-policy.ts";
import type { CodeInfo, ContractInfo } from "../runtime/contract-info.ts";

export function contractJson(info: ContractInfo, source: string): ContractJson {
  const { number, address, owner, codeHash, version, abi, former, balances } = info;
  return {
    number: number.toString(),
    address,
    name: abi.name,
    owner,
    codeHash,
    version: version.toString(),
    upgrade: upgradeJson(info),
    former: former.map(({ version: before, untilLedger, until, ...rest }) => ({
      version: before.toString(),
      untilLedger: Number(untilLedger),
      until: Number(until),
      ...rest,
    })),
    balances: balances.map(({ asset, amount }) => ({ asset, amount: amount.toString() })),
    storage: {
      bytes: info.stateBytes,
      ...(info.stateBytesMax === undefined ? {} : { bytesMax: info.stateBytesMax }),
    },
    sourceBytes: Buffer.byteLength(source),
    implements: [...abi.implements],
    methods: [...abi.methods].map(([name, method]) => ({
      name,
      args: method.args.map(typeText),
      ...(method.returns === undefined ? {} : { returns: typeText(method.returns) }),
      view: method.view,
      payable: typeof method.payable === "boolean" ? method.payable : [...method.payable],
    })),
    abi: Buffer.from(encodeAbi(abi)).toString("base64"),
  };
}

export function codeJson({ codeHash, source, abi }: CodeInfo): CodeJson {
  const encoded = Buffer.from(encodeAbi(abi)).toString("base64");
  return { codeHash, name: abi.name, source, abi: encoded };
}

function upgradeJson({ abi, announcement }: ContractInfo): ContractJson["upgrade"] {
  const { upgrade } = abi;
  const delay = upgrade.kind === "owner" ? { delayS: upgrade.delayS } : {};
  const common = { policy: upgrade.kind, words: policyText(upgrade), ...delay };
  if (announcement === undefined) return common;
  const { codeHash, announced, earliest, expires } = announcement;
  const times = { announced: Number(announced), earliest: Number(earliest) };
  return { ...common, announced: { codeHash, ...times, expires: Number(expires) } };
}
