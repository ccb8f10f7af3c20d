// Ctrl-C: the first one lets the work in hand end and be saved, a second one ends the process at once.

/** Exit code of a run that was stopped by Ctrl-C, as of every program that ends on it: 128 + SIGINT. */
export const INTERRUPTED = 130;

/** True after the first of `signals`. */
export function interruptFlag(signals: readonly NodeJS.Signals[] = ['SIGINT']): () => boolean {
  let asked = false;
  for (const signal of signals) {
    process.once(signal, () => {
      asked = true;
      process.stderr.write('\nspatter: saving and stopping …\n');
    });
  }
  return () => asked;
}
