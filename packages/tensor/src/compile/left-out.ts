// Several steps in one run when one of them is left out: what the steps after it are fed then counts an update too many.
import type { ObjectiveBatch, ObjectiveMetrics, Step } from './step-types.ts';

type RunMany = Step['runMany'];

/**
 * `together`, and again one by one where a step before the last was left out: Adam's corrections, the moving average's rate and the
 * masks of the steps after it depend on how many updates there were, which is known only then.
 */
export const unlessLeftOut =
  (together: RunMany): RunMany =>
  async (state, batches, hypers) => {
    const results = await together(state, batches, hypers);
    const isRight = results.steps.slice(0, -1).every(({ skipped }) => skipped !== true);
    return isRight ? results : oneByOne(together, state, batches, hypers);
  };

const oneByOne = async (run: RunMany, ...[start, batches, hypers]: Parameters<RunMany>) => {
  let state = start;
  const steps: ObjectiveMetrics[] = [];
  for (const [at, hyper] of hypers.entries()) {
    const result = await run(state, batchAt(batches, at, hypers.length), [hyper]);
    state = result.state;
    steps.push(...result.steps);
  }
  return { state, steps };
};

/** Batch `at` of `count` that lie one after the other. */
function batchAt({ inputs, size }: ObjectiveBatch, at: number, count: number): ObjectiveBatch {
  const cut = (values: Float32Array) => {
    const length = values.length / count;
    return values.subarray(at * length, (at + 1) * length);
  };
  return {
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, cut(values)])),
    size,
  };
}
