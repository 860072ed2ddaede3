/** The figures of the runtime: each topic opens with its goal and its method. */
import type { Figure } from "./figure.ts";
import { batchFigures } from "./runtime-batch.ts";
import { corpusFigures } from "./runtime-corpus.ts";
import { neighbourFigures } from "./runtime-neighbours.ts";
import { coldFigures, pipelineFigures } from "./runtime-pipeline.ts";
import { rootFigures } from "./runtime-root.ts";
import { workerFigures } from "./runtime-workers.ts";

export async function runtimeFigures(): Promise<readonly Figure[]> {
  return [
    ...batchFigures(),
    ...(await pipelineFigures()),
    ...(await coldFigures()),
    ...(await rootFigures()),
    ...neighbourFigures(),
    ...(await workerFigures()),
    ...(await corpusFigures()),
  ];
}
