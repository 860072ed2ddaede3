/** `npm run torture -- --help` */
export const HELP = `npm run torture -- contracts --corpus FILE.jsonl [--watchdog-ms N] [--json]
npm run torture -- programs [--count N] [--seed N] [--json]

contracts  Runs each line of FILE in the real contract process: in a sandbox in which nothing has run
           yet, warm in the same one, and in one that has run all lines before it. A line is

             {"name": "…", "source": "…", "method": "f", "args": []}

           source   JavaScript of a contract. Without a \`contract({ … })\` literal it gets one made
                    from its exports; what the method returns is then emitted as an event, numbers
                    as text. Gas includes these few steps.
           args     Numbers are int, texts account or hash when they are one and text otherwise;
                    booleans, arrays of one type, objects. Where JSON has no form for it:
                    {"int": "123"}, {"text": "G…"}, {"bytes": "00ff"}, {"contract": 0}.
           others   Optional: [{"source": "…"}], contracts deployed before; {"contract": 0} is the
                    number of the first.
           pays     Optional: [{"asset": "XLM", "amount": "100"}], payments that come with the call.
           gasLimit Optional; 1000000 when left out.
           expect   Optional: {"outcome": "failed", "code": "OUT_OF_GAS"}, what must come out.

           Prints a row a line, {"name","outcome","code","gas","equal"}:
             ok          it ran                     refused     the source or its arguments can be
             failed      it ended with this code                no contract or call
             node-fault  the process hung or died   equal       all runs gave the same bytes
           and a last line with counts, growth of the host's memory after the first lines (MB), and
           the worst time per gas (ns; of a call of less than 20000 gas as if it were that many).
           Exit code 1 for a difference, a node fault or an outcome that was not expected; 2 for a
           file that is no corpus, in which case nothing ran.

programs   Makes N programs (10000) of the contract language by a seed and runs each under the engine
           as it is, with --jitless and with --no-opt, cold and warm, and as plain JavaScript.
           Prints differences as they are found, and a last line with counts. Exit code 1 for any.
`;
