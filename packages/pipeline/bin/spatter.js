#!/usr/bin/env node
// Starts the compiled command line; in a source checkout it compiles first when the sources are newer.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Tests are not compiled: a change in one must not make every start compile in vain. */
const isCompiled = (name) => name.endsWith('.ts') && !/\.test\.ts$|(^|[/\\])testing[/\\]/.test(name);

function newest(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => isCompiled(name));
  return Math.max(...files.map((name) => statSync(`${folder}/${name}`).mtimeMs));
}

function isStale(pkg) {
  const stamp = here(`../../${pkg}/dist/.tsbuildinfo`);
  return !existsSync(stamp) || newest(here(`../../${pkg}/src`)) > statSync(stamp).mtimeMs;
}

function compile() {
  process.stderr.write('spatter: compiling the sources (only after a change) …\n');
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '-b', here('../tsconfig.build.json')], { stdio: ['ignore', 2, 2] });
  } catch {
    process.stderr.write('spatter: the sources do not compile; fix the errors above and run again\n');
    process.exit(1);
  }
}

if (existsSync(here('../src')) && ['tensor', 'hpo', 'pipeline'].some(isStale)) compile();
const { endWithReader, main } = await import(new URL('../dist/cli/main.js', import.meta.url));
endWithReader();
await main(process.argv);
