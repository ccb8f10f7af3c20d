// `npm run build:kernel`: compiles the AssemblyScript kernels and commits their bytes as base64 text, so that users need no compiler.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from 'assemblyscript/asc';

const pipeline = join(import.meta.dirname, '../packages/pipeline');

/** What is compiled: the entry in packages/pipeline/assembly, the module it becomes, and the constant that module exports. */
export const KERNELS = [
  { entry: 'kernel.ts', target: 'src/extract/kernel.generated.ts', constant: 'KERNEL_BASE64' },
  { entry: 'planes.ts', target: 'src/video/planes.generated.ts', constant: 'PLANES_BASE64' },
  { entry: 'resize.ts', target: 'src/data/transforms/resize.generated.ts', constant: 'RESIZE_BASE64' },
] as const;

/** What works in memory that others made, shared between threads. */
const IN_SHARED_MEMORY = [
  '--enable',
  'threads',
  '--importMemory',
  '--sharedMemory',
  '--maximumMemory',
  '65536',
];

/** The WebAssembly bytes of `entry`. */
export async function compileKernel(entry: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-kernel-'));
  try {
    const output = join(folder, 'kernel.wasm');
    const source = join(pipeline, 'assembly', entry);
    const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort='];
    const memory = entry === 'kernel.ts' ? IN_SHARED_MEMORY : [];
    const result = await main([source, '--outFile', output, ...flags, ...memory]);
    if (result.error) throw result.error;
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  for (const { entry, target, constant } of KERNELS) {
    const bytes = await compileKernel(entry);
    const lines = bytes.toString('base64').match(/.{1,100}/g) ?? [];
    const text = lines.map((line) => `  '${line}'`).join(' +\n');
    writeFileSync(
      join(pipeline, target),
      `// Compiled from packages/pipeline/assembly by \`npm run build:kernel\` (${bytes.length} bytes). Do not edit.\n` +
        `export const ${constant} =\n${text};\n`,
    );
  }
}
