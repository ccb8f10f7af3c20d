// What the classes of crops are called.
import type { Recording } from './recordings.ts';

/**
 * The names of `classes` labels: low and high gas flow for two; for more, the gas flow of each class's recordings where every
 * class has one of its own, else `class 0`, `class 1`…
 */
export function cropClasses(classes: number, recordings: readonly Recording[]): string[] {
  if (classes === 2) return ['low gas flow', 'high gas flow'];
  const labels = Array.from({ length: classes }, (_, label) => label);
  const flows = labels.map((label) => {
    const named = new Set(recordings.filter((each) => each.label === label).map(({ gasFlow }) => gasFlow));
    return named.size === 1 ? [...named][0] : null;
  });
  const named = flows.filter((flow) => flow !== null && flow !== undefined);
  return new Set(named).size === classes ? named : labels.map((label) => `class ${label}`);
}
