// The real Optuna, and the problems that it and our search are both given.
import { join } from 'node:path';
import { createStudy, mersenneTwister, type Study, type Trial } from '../packages/hpo/src/index.ts';
import { branin, crowded, hartmann6, mixed, zdt } from '../packages/hpo/src/samplers/testing/problems.ts';
import { runPython } from './python.ts';

/** What Optuna runs in. */
export const OPTUNA = ['optuna==5.0.0'];
const SCRIPT = join(import.meta.dirname, 'python/optuna_peer.py');

/** Asks the real Optuna. */
export function askOptuna<T>(python: string, command: string, ...args: readonly (string | number)[]): T {
  return runPython<T>(python, SCRIPT, [command, ...args.map(String)]);
}

type Problem = (trial: Trial) => number | readonly number[];
const PROBLEMS: Readonly<Record<string, readonly [Problem, number]>> = {
  branin: [branin, 1],
  hartmann6: [hartmann6, 1],
  mixed: [mixed, 1],
  zdt1: [zdt(1), 2],
  zdt2: [zdt(2), 2],
  crowded: [crowded, 2],
};
/** A study of ours that has run a problem. */
export async function solve(
  problem: string,
  trials: number,
  options: Parameters<typeof createStudy>[0],
): Promise<Study> {
  const [objective, objectives] = PROBLEMS[problem]!;
  const study = await createStudy({ directions: Array<'minimize'>(objectives).fill('minimize'), ...options });
  await study.optimize(objective, { trials });
  return study;
}

/** Optuna's TPE draws its first ten trials from a second generator with the same seed. */
export function optunaStreams(seed: number): (trial: number) => () => number {
  const [startup, model] = [mersenneTwister(seed), mersenneTwister(seed)];
  return (trial) => (trial < 10 ? startup : model);
}
