// The melt pool's own light: the scan track, the plume over it, the haze that the gas carries off, glow on the powder bed.
import { addCapsule, type Canvas } from './canvas.ts';
import type { Camera } from './camera.ts';
import { SPATTER_TYPES, type SpatterType } from './spatter-types.ts';
import { lerp } from './streams.ts';
import type { Burn } from './timeline.ts';

/** A chamber offset from the melt pool (along the gas, across it, up) as an image point. */
export type Projection = (along: number, across: number, up: number) => [number, number];

/** How offsets from the melt pool of `burn` fall on the image. */
export function projectionAt(camera: Camera, burn: Burn): Projection {
  const { x, y, scale } = camera.project(burn.along, burn.across);
  const { along, across, up } = camera;
  return (a, c, u) => [
    x + scale * (a * along[0] + c * across[0] + u * up[0]),
    y + scale * (a * along[1] + c * across[1] + u * up[1]),
  ];
}

/**
 * Adds the plume at gas flow `flow`. Little gas leaves a tall round cloud that hides the scan track; much gas blows it
 * off sideways and bares the track, a flat bar.
 */
export function addPlume(canvas: Canvas, camera: Camera, burn: Burn, flow: number): void {
  const at = projectionAt(camera, burn);
  // A weaker beam makes a smaller pool: its area follows the power.
  const [flare, glare] = flareOf(burn);
  const size = flare * Math.sqrt(burn.power);
  const scale = size * camera.project(burn.along, burn.across).scale;
  const half = size * lerp(6, 20, flow);
  const a = half * Math.cos(burn.angle);
  const c = half * Math.sin(burn.angle);
  const { white, warm } = canvas;
  const radii = (from: number, to: number): [number, number] => [from * scale, to * scale];
  const foot = at(0, 0, 2);
  addCapsule(canvas, white, { from: at(-a, -c, 0), to: at(a, c, 0), radii: radii(6.5, 6.5), light: 5 });
  addCapsule(canvas, white, {
    from: foot,
    to: at(size * lerp(0, 22, flow), 0, size * lerp(30, 10, flow)),
    radii: radii(lerp(20, 8.5, flow), lerp(12, 4.5, flow)),
    light: glare * lerp(2.6, 1.8, flow),
    fading: true,
  });
  addCapsule(canvas, white, {
    from: at(-half - 12 * size, 0, -4),
    to: at(half + 12 * size, 0, -4),
    radii: radii(lerp(40, 26, flow), lerp(40, 26, flow)),
    light: glare * burn.power * lerp(0.16, 0.1, flow),
  });
  addCapsule(canvas, white, {
    from: at(-a, -c, 4),
    to: at(a, c, 4),
    radii: radii(lerp(24, 15, flow), lerp(24, 15, flow)),
    light: glare * burn.power * 0.45,
  });
  addCapsule(canvas, warm, {
    from: foot,
    to: at(size * lerp(5, 65, flow), 0, size * lerp(40, 16, flow)),
    radii: radii(14, lerp(26, 18, flow)),
    light: glare * burn.power * lerp(0.25, 0.4, flow),
    fading: true,
  });
}

/** Factors on size and light of the plume in this event. */
function flareOf({ type }: Burn): readonly [number, number] {
  const { plume = [1, 1] }: SpatterType = SPATTER_TYPES[type];
  return plume;
}
