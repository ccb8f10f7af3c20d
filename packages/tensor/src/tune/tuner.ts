// Answers questions of time: from what is known, or by a race of the forms on this machine.
import { arch, availableParallelism, cpus } from 'node:os';
import { env } from '../runtime/onnxruntime.ts';
import { topologicalOrder } from '../ir/graph.ts';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import { lower } from '../onnx/lower.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { resolveDevice, type Device, type DeviceName } from '../runtime/devices.ts';
import { race, type Race } from './race.ts';
import type { Choices, Form, Question } from './question.ts';

/** Raised when forms are added or computed differently, so that older answers are asked anew. */
const FORMS_VERSION = 1;
/**
 * Another form must take this share of the first one's time or less, in two races, for the answer to be worth having:
 * neighbours in the graph, which a race leaves out, matter too, and other work on the machine disturbs races.
 */
const CLEARLY_LESS = 0.85;

/** Where answers are kept between questions. `place` says everything that times depend on beside the question. */
export interface Memory {
  readonly recall: (place: string, question: string) => string | undefined;
  /** Told every answer before a graph is made with it; `isNew` when it was not recalled. */
  readonly record: (place: string, question: string, answer: string, isNew: boolean) => void;
}

export interface TunerOptions {
  readonly memory: Memory;
  /** Injected in tests. */
  readonly race?: Race;
}

/** Answers for every question; those that have been answered before are not timed again. */
export interface Tuner {
  readonly answer: (questions: readonly Question[]) => Promise<Choices>;
}

/** What the times of a graph depend on beside the graph. */
export async function placeOf(device: Device, threads: number): Promise<string> {
  const block = device === 'cpu' ? await channelBlock() : undefined;
  const runtime = `onnxruntime ${env.versions.node ?? ''}`;
  const processor = `${arch()} ${cpus()[0]?.model ?? 'unknown'}`;
  return [
    `forms ${FORMS_VERSION}`,
    device,
    `${threads} threads`,
    runtime,
    processor,
    `blocks ${block ?? 0}`,
  ].join(', ');
}

/** A tuner for graphs on `device`. */
export function createTuner(
  { memory, race: timed = race }: TunerOptions,
  {
    device: name,
    threads = availableParallelism(),
  }: { device?: DeviceName | undefined; threads?: number | undefined },
): Tuner {
  const device = resolveDevice(name ?? 'auto');
  const answerTo = async ({ forms }: Question): Promise<string> => {
    const block = device === 'cpu' ? await channelBlock() : undefined;
    const models = distinct(forms, (form) => lower({ ...form, target: device, block }));
    const [first, ...others] = [...models.keys()] as [string, ...string[]];
    if (others.length === 0) return first;
    const feeds = feedsOf(Object.values(forms)[0]!);
    const quickest = async (names: readonly string[]): Promise<string> => {
      const times = await timed(
        names.map((each) => models.get(each)!),
        feeds,
        { device, threads },
      );
      const best = times.indexOf(Math.min(...times));
      return times[best]! <= CLEARLY_LESS * times[0]! ? names[best]! : first;
    };
    const winner = await quickest([first, ...others]);
    return winner === first ? first : quickest([first, winner]);
  };
  return {
    answer: async (questions) => {
      const place = await placeOf(device, threads);
      const choices = new Map<string, string>();
      for (const question of questions) {
        const known = memory.recall(place, question.key);
        const isKnown = known !== undefined && known in question.forms;
        const answer = isKnown ? known : await answerTo(question);
        memory.record(place, question.key, answer, !isKnown);
        choices.set(question.key, answer);
      }
      return choices;
    },
  };
}

/** The models of forms that differ: a form that does not fit is lowered as another one. */
function distinct(forms: Question['forms'], modelOf: (form: Form) => Uint8Array): Map<string, Uint8Array> {
  const models = new Map<string, Uint8Array>();
  for (const [name, form] of Object.entries(forms)) {
    const model = Buffer.from(modelOf(form));
    if (![...models.values()].some((other) => model.equals(other))) models.set(name, model);
  }
  return models;
}

/** Fixed numbers between −1 and 1 for every input; no zeros, so that no kernel can skip work. */
function feedsOf({ outputs }: Form): Map<string, HostTensor> {
  const feeds = new Map<string, HostTensor>();
  for (const tensor of topologicalOrder(Object.values(outputs)))
    if (tensor.op === 'input') {
      const data = Float32Array.from(
        { length: sizeOf(tensor.shape) },
        (_, i) => ((i * 7919) % 255) / 128 - 0.99,
      );
      feeds.set(tensor.params.name, float32(tensor.shape, data));
    }
  return feeds;
}
