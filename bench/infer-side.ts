// Our side of the inference bench, as a process: see peer.ts. Usage: infer-side.ts FILE BATCH THREADS RUNS [binding]
// With "binding" the native part of onnxruntime-node is called as such: what the package around it takes is left out.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { openInference } from '@spatter/tensor';
import { Tensor } from 'onnxruntime-node';

/** What onnxruntime-node is built on, as far as it is called here. */
interface Native {
  readonly initOrt: () => void;
  readonly binding: {
    readonly InferenceSession: new () => {
      loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
      run(feeds: object, fetches: object, options: object): unknown;
    };
  };
}

const [file = '', batch = '1', threads = '2', runs = '10', form] = process.argv.slice(2);
const begun = performance.now();
const shape = [Number(batch), 1, 32, 32];
const pixels = Float32Array.from({ length: Number(batch) * 1024 }, (_, i) => ((i * 7919) % 256) / 255);
const infer = form === 'binding' ? nativeRun() : await ourRun();
await infer();
console.log(JSON.stringify({ version: process.version, first_step_s: (performance.now() - begun) / 1000 }));

for await (const word of createInterface(process.stdin)) {
  if (word === 'memory') {
    console.log(process.resourceUsage().maxRSS / 1024);
    continue;
  }
  const start = performance.now();
  for (let i = 0; i < Number(runs); i++) await infer();
  console.log((performance.now() - start) / Number(runs));
}

async function ourRun(): Promise<() => unknown> {
  const inference = await openInference(readFileSync(file), { threads: Number(threads) });
  return () => inference.run(pixels, shape);
}

function nativeRun(): () => unknown {
  const { binding, initOrt } = createRequire(import.meta.url)('onnxruntime-node/dist/binding.js') as Native;
  initOrt();
  const [session, model] = [new binding.InferenceSession(), readFileSync(file)];
  session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
    intraOpNumThreads: Number(threads),
    extra: { session: { force_spinning_stop: '1' } },
  });
  const outputs = { logits: null, probability: null };
  return () => session.run({ input: new Tensor('float32', pixels, shape) }, outputs, {});
}
