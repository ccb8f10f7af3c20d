// Labels that a network has no class for are refused before anything is trained.
import { expect, it } from 'vitest';
import { requireKnownLabels } from './crop-index-check.ts';

it('every label needs a class', () => {
  const labels = Uint8Array.of(0, 1, 2);
  expect(() => requireKnownLabels(labels.subarray(0, 2), 1)).not.toThrow();
  expect(() => requireKnownLabels(labels, 3)).not.toThrow();
  for (const outputs of [1, 2])
    expect(() => requireKnownLabels(labels, outputs)).toThrow(
      /labels must be 0 to 1 for a network of 2 classes, the index has a label 2/,
    );
});
