/**
 * Settings: the typed values that founding sets and only a passed DAO proposal changes.
 *
 * Units   Names end in their unit: `S` seconds, `Ledgers` ledgers, `Bps` hundredths of a percent.
 * Range   Each has hard bounds; wider ones hold only on development networks (short clocks).
 */

export interface SettingRule {
  /** Value of a network that does not set it. */
  readonly initial: number;
  /** Bounds on every network. */
  readonly min: number;
  readonly max: number;
  /** Lower bound on a development network, where waiting days would stop all work. */
  readonly developmentMin: number;
  readonly about: string;
}

/** Founded as `protocolVersion` of the network; see `src/runtime/protocol-schedule.ts`. */
export const PROTOCOL_SETTING = "protocol.version";

/** More ledgers than are ever under way at once, so that each knows its version before it begins. */
export const PROTOCOL_NOTICE_LEDGERS_MIN = 16;

export const settingRules = {
  "dao.delayS": rule(172_800, 3_600, 1_209_600, 1, "from proposal to the opening of the vote"),
  "dao.votingS": rule(604_800, 86_400, 2_592_000, 5, "how long a vote is open"),
  "dao.timelockS": rule(86_400, 3_600, 2_592_000, 1, "from the end of a vote to its execution"),
  "dao.graceS": rule(1_209_600, 86_400, 2_592_000, 60, "how long a passed proposal may wait"),
  "dao.quorumBps": rule(1_000, 100, 10_000, 100, "share of all locked power that must vote"),
  "dao.thresholdBps": rule(50, 0, 10_000, 0, "share of all locked power needed to propose"),
  "dao.minLockS": rule(86_400, 86_400, 31_536_000, 60, "shortest lock that carries power"),
  "dao.upgradeQuorumBps": rule(2_000, 1_000, 10_000, 100, "the same for a contract's code"),
  "dao.upgradeTimelockS": rule(604_800, 259_200, 2_592_000, 1, "timelock of a contract's code"),
  "epoch.ledgers": rule(720, 60, 17_280, 2, "a passed setting takes effect at the next epoch"),
  "protocol.noticeLedgers": rule(
    120_960,
    17_280,
    1_036_800,
    PROTOCOL_NOTICE_LEDGERS_MIN,
    "from the execution of a vote to the first ledger of a new protocol version",
  ),
  [PROTOCOL_SETTING]: rule(1, 1, 1_000_000, 1, "rules of the sandbox; a vote names the next one"),
  "token.lifeS": rule(300, 60, 900, 10, "how long an access token lives"),
} as const satisfies Record<string, SettingRule>;

export type SettingName = keyof typeof settingRules;

/** The short clocks of a development network. */
export const developmentSettings: Readonly<Partial<Record<SettingName, number>>> = {
  "dao.delayS": 2,
  "dao.votingS": 30,
  "dao.timelockS": 10,
  "dao.graceS": 600,
  "dao.minLockS": 60,
  "dao.upgradeTimelockS": 10,
  "epoch.ledgers": 10,
  "protocol.noticeLedgers": 16,
  "token.lifeS": 60,
};

const PUBLIC_PASSPHRASES: ReadonlySet<string> = new Set([
  "Public Global Stellar Network ; September 2015",
  "Test SDF Network ; September 2015",
]);

export function isPublicPassphrase(passphrase: string): boolean {
  return PUBLIC_PASSPHRASES.has(passphrase);
}

/** What is wrong with `settings` on the network of this passphrase; empty when nothing is. */
export function settingsFaults(
  passphrase: string,
  settings: Readonly<Record<string, number>>,
): readonly string[] {
  const isPublic = isPublicPassphrase(passphrase);
  const rules: Readonly<Record<string, SettingRule>> = settingRules;
  return Object.entries(settings).flatMap(([name, value]) => {
    const known = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (known === undefined) return [`"${name}" is not a setting`];
    if (name === PROTOCOL_SETTING) return [`"${name}" is founded as protocolVersion`];
    const min = isPublic ? known.min : known.developmentMin;
    if (value >= min && value <= known.max) return [];
    return [`${name} = ${value} is outside ${min} to ${known.max}`];
  });
}

function rule(
  initial: number,
  min: number,
  max: number,
  developmentMin: number,
  about: string,
): SettingRule {
  return { initial, min, max, developmentMin, about };
}
