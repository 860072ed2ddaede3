/** Errors of contracts: source refused at admission, calls that failed, the sandbox itself. */
export const contractCatalogue = {
  CODE_REFUSED: {
    status: 422,
    exit: 5,
    hint: "Each refusal names line and column; docs/contracts.md says what a contract may use.",
  },
  CALL_FAILED: {
    status: 422,
    exit: 5,
    hint: "The code is the contract's own: see its source or README. A refused call changes nothing.",
  },
  CALLDATA_TOO_LONG: {
    status: 413,
    exit: 2,
    hint: "A call carries at most 6,400 bytes. Shorten the arguments or split the call.",
  },
  CALLDATA_INVALID: {
    status: 400,
    exit: 2,
    hint: "A call is the canonical CBOR array [contract, method, args, options].",
  },
  CBOR_INVALID: {
    status: 400,
    exit: 2,
    hint: "Send canonical CBOR: shortest lengths, sorted keys, no floats.",
  },
  ARGUMENT_INVALID: {
    status: 400,
    exit: 2,
    hint: "`ace contract inspect <number>` shows each method with its arguments.",
  },
  CONTRACT_UNKNOWN: {
    status: 404,
    exit: 3,
    hint: "Check the number: `ace content list` shows the licence of each content.",
  },
  METHOD_UNKNOWN: {
    status: 404,
    exit: 3,
    hint: "`ace contract inspect <number>` lists the methods.",
  },
  CONTRACT_START_FAILED: {
    status: 503,
    exit: 6,
    hint: "It needs memory, room for another process, and to read its own code; `ace doctor` looks at them.",
  },
  CONTRACT_FAULT: {
    status: 503,
    exit: 6,
    hint: "Nothing of that ledger was kept. Restart the node to try again; stopping twice at one call needs a newer release.",
  },
  PROTOCOL_MISMATCH: {
    status: 500,
    exit: 6,
    hint: "This build does not implement the network's contracts. Install the version it names.",
  },
  PROTOCOL_UNKNOWN: {
    status: 503,
    exit: 6,
    hint: "Install a release that has this version, then start the node again; until then it answers reads.",
  },
  STATE_ROOT_MISMATCH: {
    status: 500,
    exit: 6,
    hint: "Stored state is damaged. Remove the data folder and follow again from genesis.",
  },
  SOURCE_DIFFERS: {
    status: 409,
    exit: 1,
    hint: "Rebuild exactly the published source, with the same version of ace-node.",
  },
  TEMPLATE_UNKNOWN: {
    status: 400,
    exit: 2,
    hint: "Templates are licence, split, vote, tips and empty.",
  },
  CORPUS_INVALID: {
    status: 400,
    exit: 2,
    hint: 'Each line is {"name","source","method","args":[]}; `npm run torture -- --help` says more.',
  },
} as const;
