// Our side of the inference bench, as a process: see peer.ts. Usage: infer-side.ts FILE BATCH THREADS RUNS
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openInference } from '@spatter/tensor';

const [file = '', batch = '1', threads = '2', runs = '10'] = process.argv.slice(2);
const begun = performance.now();
const inference = await openInference(readFileSync(file), { threads: Number(threads) });
const pixels = Float32Array.from({ length: Number(batch) * 1024 }, (_, i) => ((i * 7919) % 256) / 255);
const infer = () => inference.run(pixels, [Number(batch), 1, 32, 32]);
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
