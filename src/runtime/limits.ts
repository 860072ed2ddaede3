/**
 * Limits and gas: what a contract may use. Part of the protocol: all nodes must have the same values.
 *
 * Units   Gas is a count; sizes are bytes or characters as the name says.
 * Flow    A contract process works under the rules of one protocol version, from its first module to
 *         its last: whoever starts it under other rules than those below hands them in as `$rules`,
 *         before this module is read. See `protocol.ts`.
 */

/** Every limit that decides an outcome. A contract that passes one fails with the code beside it. */
const firstLimits = {
  /** Admission: `CODE_TOO_LONG`, `CODE_TOO_DEEP`. */
  sourceBytesMax: 65_536,
  astDepthMax: 200,
  refusalsMax: 50,
  parametersMax: 32,
  argumentsMax: 64,
  /** `OUT_OF_GAS` */
  gasCallMax: 5_000_000,
  gasTransactionMax: 5_000_000,
  gasViewMax: 1_000_000,
  /** `LEDGER_FULL`: what the calls of one ledger use together. */
  gasLedgerMax: 200_000_000,
  /** `CALL_DEPTH`, `CONTRACT_DEPTH` */
  callDepthMax: 256,
  contractDepthMax: 8,
  /** AST nodes of a function that weigh as one level of call depth: large frames use more stack. */
  frameNodes: 64,
  /** AST nodes of one function, those of functions inside it left out. */
  functionNodesMax: 8_192,
  /** `TEXT_TOO_LONG`, `VALUE_TOO_LONG`, `KEY_TOO_LONG`, `ARRAY_TOO_LONG` */
  textCharactersMax: 16_384,
  valueBytesMax: 16_384,
  keyBytesMax: 128,
  arrayItemsMax: 100_000,
  spreadItemsMax: 1_024,
  /** `INT_OVERFLOW`: bits of an integer with its sign, after every operation. */
  intBits: 256,
  numberTextCharactersMax: 80,
  /** `VALUE_TOO_DEEP` */
  valueDepthMax: 16,
  typeDepthMax: 8,
  /** Types in one ABI, each place where a named one is used counted anew: `CODE_ABI`. */
  abiTypesMax: 2_048,
  interfacesMax: 32,
  /** Days from the announcement of new code to the first moment it may take effect: `CODE_ABI`. */
  upgradeDelayDaysMin: 7,
  upgradeDelayDaysMax: 365,
  /** For so many days after that it may; then it is void: `UPGRADE_EXPIRED`. */
  upgradeWindowDays: 30,
  /** `STORAGE_FULL`: what a contract holds, keys and values. It declares how much; `CODE_ABI`. */
  storageBytesDefault: 16_777_216,
  storageBytesMax: 1_073_741_824,
  /** `OWNER_FULL`: what an account deploys; bytes that its contracts may hold, and of code it put there. */
  ownerContractsMax: 256,
  ownerBytesMax: 4_294_967_296,
  /** `UPLOAD_FULL`: parts of the one source that an account is putting on the ledger. */
  uploadPartsMax: 128,
  /** `TOO_MANY_WRITES` */
  writesCallMax: 64,
  writesTransactionMax: 256,
  /** `TOO_MANY_EVENTS` */
  eventsCallMax: 32,
  eventBytesCallMax: 8_192,
  /** `TOO_MANY_PAYS` */
  paysTransactionMax: 200,
  /** `RESULT_TOO_LONG`, `ARGS_TOO_LONG` */
  resultBytesMax: 8_192,
  argsBytesMax: 6_400,
  /** `SCAN_LIMIT` */
  scanRowsMax: 100,
  scanPagesCallMax: 50,
} as const;

/** Gas of what costs more than the AST nodes that ask for it. */
const firstGasSchedule = {
  functionCall: 8,
  /** Making a function, an array or an object; reading a member; a step of an iterator. */
  closure: 6,
  literal: 6,
  member: 4,
  iteration: 8,
  /** A property whose name is computed; and each of a literal that has very many. */
  propertyComputed: 60,
  propertyOfMany: 30,
  thrown: 150,
  /** Entering a `catch`, or a `finally`. */
  caught: 250,
  finalised: 10,
  /** An error that the engine made: it looks for its place in the function that runs. */
  engineError: 10_000,
  contractCall: 1_500,
  /** Whether a value is known or must be fetched is not seen in gas: all reads pay for the way there. */
  stateRead: 2_500,
  stateReadByte: 1,
  /** A row and its part of the state root. */
  stateWrite: 2_000,
  stateWriteByte: 4,
  scanPage: 5_000,
  scanRow: 100,
  scanByte: 1,
  event: 150,
  eventByte: 1,
  pay: 200,
  take: 50,
  money: 100,
  facts: 50,
  /** Bytes that one gas encodes or decodes; each value inside costs more, and an address most. */
  codecBytes: 8,
  codecValue: 4,
  codecAddress: 100,
  sha256: 800,
  verify: 10_000,
  registryPut: 500,
  registryPutByte: 4,
  registryDeploy: 20_000,
  /**
   * Admission is by far the slowest thing that gas buys. The largest source must fit into the gas of a
   * transaction all the same, so of the gas of its ledger it takes many times what its call pays.
   */
  registryDeployByte: 70,
  registryDeployWeight: 12,
  registryUpgrade: 5_000,
} as const;

/** What a version of the protocol may change by values alone. */
export interface Rules {
  readonly limits: Readonly<Record<keyof typeof firstLimits, number>>;
  readonly gasSchedule: Readonly<Record<keyof typeof firstGasSchedule, number>>;
}

/** Of version 1. */
export const firstRules: Rules = { limits: firstLimits, gasSchedule: firstGasSchedule };

declare global {
  var $rules: Rules | undefined;
}

/** In force where this module is read. */
export const { limits, gasSchedule }: Rules = globalThis.$rules ?? firstRules;
