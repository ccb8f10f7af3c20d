// Versions of the programs that decide what a model computes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const LIBRARIES = ['onnxruntime-node', 'sharp', '@cornerstonejs/codec-libjpeg-turbo-8bit'] as const;

/** What can be resolved of packages without a main entry. */
const ENTRY_POINTS: Readonly<Record<string, string>> = {
  '@cornerstonejs/codec-libjpeg-turbo-8bit': '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs',
};

/** Version of spatter, of Node and of the libraries that decode images and run networks, by name. */
export function libraryVersions(): Record<string, string> {
  const own = JSON.parse(
    readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
  ) as Manifest;
  const entries = LIBRARIES.map((name) => [name, installedVersion(name)]);
  return { spatter: own.version, node: process.versions.node, ...Object.fromEntries(entries) } as Record<
    string,
    string
  >;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** Some packages do not export their manifest: look for it above their entry point. */
function installedVersion(name: string): string {
  const { resolve } = createRequire(import.meta.url);
  for (let folder = dirname(resolve(ENTRY_POINTS[name] ?? name)); ; folder = dirname(folder)) {
    const found = manifestIn(folder);
    if (found?.name === name) return found.version;
    if (folder === dirname(folder)) return 'unknown';
  }
}

function manifestIn(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}
