// Finds worker modules: compiled code runs its own; a TypeScript runner (tests, benches) uses the compiled twin in dist/.

/** URL of the worker module `relative` (such as `./batch.worker.ts`) beside the module at `base` (`import.meta.url`). */
export function workerUrl(base: string, relative: string): URL {
  const url = new URL(relative.replace(/\.ts$/, '.js'), base);
  return base.endsWith('.ts') ? new URL(url.href.replace(/\/src\/(?!.*\/src\/)/, '/dist/')) : url;
}
