// Draws flying spatter as streaks: the part of each path that falls into the open shutter.
import { addDot, type Canvas } from './canvas.ts';
import { travelled, type Air, type Particle } from './ejecta.ts';
import type { Projection } from './plume.ts';

/** Distance between two brush dots, in brush radii; near enough that a streak has no beads. */
const SPACING = 0.7;
const MAX_DOTS = 240;

/**
 * Adds the streak of `particle` while the shutter is open. `age` is how many frames ago its frame began: 0 for the frame
 * that threw it out, 1 for the next. A particle that falls back to the powder bed is gone.
 */
export function addStreak(
  canvas: Canvas,
  at: Projection,
  particle: Particle,
  air: Air,
  age: number,
  shutter: number,
): void {
  const from = Math.max(0, age - particle.born);
  const to = Math.min(particle.life, age + shutter - particle.born);
  if (from >= to) return;
  const { kind, velocity, radius, light } = particle;
  const speed = Math.hypot(...velocity) + air.wind * Math.min(1, kind.drag);
  const dots = Math.min(MAX_DOTS, Math.ceil((speed * (to - from)) / (radius * SPACING)) + 1);
  const plane = kind.warm ? canvas.warm : canvas.white;
  const fall = -air.gravity / kind.drag;
  for (let i = 0; i < dots; i++) {
    const t = from + ((to - from) * (i + 0.5)) / dots;
    const up = travelled(velocity[2], fall, kind.drag, t);
    if (up < -2) return;
    const along = travelled(velocity[0], air.wind, kind.drag, t);
    const across = travelled(velocity[1], 0, kind.drag, t);
    const [x, y] = at(along, across, up);
    addDot(canvas, plane, x, y, radius, light * SPACING * Math.exp(-kind.cooling * t));
  }
}
