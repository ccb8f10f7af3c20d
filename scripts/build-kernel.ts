// `npm run build:kernel`: compiles the AssemblyScript kernel and commits its bytes as base64 text, so that users need no compiler.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from 'assemblyscript/asc';

const root = join(import.meta.dirname, '..');
const target = join(root, 'packages/pipeline/src/extract/kernel.generated.ts');

/** The kernel's WebAssembly bytes, compiled from packages/pipeline/assembly. */
export async function compileKernel(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-kernel-'));
  try {
    const output = join(folder, 'kernel.wasm');
    const source = join(root, 'packages/pipeline/assembly/kernel.ts');
    const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort='];
    const result = await main([source, '--outFile', output, ...flags]);
    if (result.error) throw result.error;
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const bytes = await compileKernel();
  const lines = bytes.toString('base64').match(/.{1,100}/g) ?? [];
  const text = lines.map((line) => `  '${line}'`).join(' +\n');
  writeFileSync(
    target,
    `// Compiled from packages/pipeline/assembly by \`npm run build:kernel\` (${bytes.length} bytes). Do not edit.\n` +
      `export const KERNEL_BASE64 =\n${text};\n`,
  );
}
