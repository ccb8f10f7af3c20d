// Reflections: grains and weld tracks on the powder bed that flash while the melt pool is near.
import { uniform } from '../util/random.ts';
import { addDot, type Canvas } from './canvas.ts';
import type { Camera } from './camera.ts';
import type { Recipe } from './recipe.ts';
import { between, streamOf } from './streams.ts';
import type { Burn } from './timeline.ts';

/** A facet of the bed that mirrors the melt pool into the camera; chamber units. */
interface Glint {
  readonly along: number;
  readonly across: number;
  /** Light at distance 0, and radius in pixels. */
  readonly light: number;
  readonly radius: number;
}

/** Facets on the whole plate of 400 × 160, per layer. */
const GLINTS = 160;
/** Distance at which a facet's light has halved, and beyond which it is left out. */
const HALF = 22;
const REACH = 70;

/** Adds the reflections of `burn` on the bed of one layer. Every layer is spread anew, so every layer has its own facets. */
export function bedOf(recipe: Recipe): (canvas: Canvas, camera: Camera, layer: number, burn: Burn) => void {
  const beds = recipe.layerFlows.map((_, layer) => drawGlints(recipe, layer));
  return (canvas, camera, layer, burn) => {
    for (const { along, across, light, radius } of beds[layer]!) {
      const distance = Math.hypot(along - burn.along, across - burn.across);
      if (distance > REACH) continue;
      const { x, y } = camera.project(along, across);
      addDot(canvas, canvas.warm, x, y, radius, (light * burn.power) / (1 + (distance / HALF) ** 2));
    }
  };
}

function drawGlints(recipe: Recipe, layer: number): Glint[] {
  const random = streamOf(recipe, 'bed', layer);
  return Array.from({ length: GLINTS }, () => ({
    along: between(random, -200, 200),
    across: between(random, -80, 80),
    light: 0.5 * uniform(random) ** 2,
    radius: between(random, 0.8, 1.8),
  }));
}
