/** Calls of the DAO, contract 1, from the words of a command line. */
import type { xdr } from "@stellar/stellar-sdk";
import { callOperations } from "../client/build.ts";
import { parseArguments } from "../contracts/value-json.ts";
import { contractInfo, methodOf } from "./contract-info.ts";
import type { Session } from "./session.ts";

const DAO = "1";

export async function daoOperations(
  { node }: Pick<Session, "node">,
  method: string,
  words: readonly string[],
): Promise<readonly xdr.Operation[]> {
  const dao = await contractInfo(node, DAO);
  const args = parseArguments(methodOf(dao, method).args, words);
  return callOperations({ contract: dao.id, method, args });
}
