// Which of several tensors holds the maximum, by comparisons alone: operators that every provider has.
import type { Emitter } from './emitter.ts';

/** The elementwise maximum. */
export const largest = (emitter: Emitter, values: readonly string[]): string =>
  values.length === 1 ? values[0]! : emitter.emit('Max', values);

/**
 * Splits dy among the players so that the first of the largest gets it all: each round's pairs split their dy by who is
 * first to be at least as large. `Cast` and `Mul` are quicker than `Where`.
 */
export function tournament(emitter: Emitter, players: readonly string[], dy: string): string[] {
  if (players.length === 1) return [dy];
  const half = Math.ceil(players.length / 2);
  const sides = [players.slice(0, half), players.slice(half)] as const;
  const [left, right] = sides.map((side) => largest(emitter, side)) as [string, string];
  const leftWins = emitter.emit('Cast', [emitter.emit('GreaterOrEqual', [left, right])], { to: 1 });
  const toLeft = emitter.emit('Mul', [dy, leftWins]);
  const toRight = emitter.emit('Sub', [dy, toLeft]);
  return [...tournament(emitter, sides[0], toLeft), ...tournament(emitter, sides[1], toRight)];
}
