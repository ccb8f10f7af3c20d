// Times forms against each other on ONNX Runtime: in turn, the shortest time of each.
import { openSession, type Session } from '../runtime/session.ts';
import type { HostTensor } from '../ir/host.ts';
import type { Device } from '../runtime/devices.ts';

/** Milliseconds that each of `models` takes for a run on `feeds`, in their order. */
export type Race = (
  models: readonly Uint8Array[],
  feeds: ReadonlyMap<string, HostTensor>,
  where: { readonly device: Device; readonly threads: number },
) => Promise<number[]>;

/** Rounds after one to warm up. What disturbs a round disturbs single runs, so the shortest time counts. */
const ROUNDS = 7;

/** See {@link Race}. A form that ONNX Runtime refuses never wins. */
export const race: Race = async (models, feeds, where) => {
  const sessions: (Session | undefined)[] = [];
  const times = models.map(() => Infinity);
  try {
    for (const model of models) sessions.push(await openSession(model, where).catch(() => undefined));
    for (let round = 0; round <= ROUNDS; round++)
      for (const [i, session] of sessions.entries()) {
        const begun = performance.now();
        const ran = await session?.run(feeds).catch(() => undefined);
        if (round > 0 && ran !== undefined) times[i] = Math.min(times[i]!, performance.now() - begun);
      }
  } finally {
    for (const session of sessions) await session?.dispose();
  }
  return times;
};
