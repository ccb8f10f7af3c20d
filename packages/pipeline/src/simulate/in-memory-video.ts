// A simulated recording as extraction reads it, without coding it into a file.
import type { VideoReader } from '../video/reader.ts';
import type { Recipe } from './recipe.ts';
import { createRenderer, type Renderer } from './render.ts';

/** Frames as rendered, without the losses of a codec. */
export function videoOf(recipe: Recipe, renderer: Renderer = createRenderer(recipe)): VideoReader {
  const { name, width, height, fps } = recipe;
  let position = 0;
  return {
    info: { path: name, width, height, fps, frameCount: renderer.frames, codec: 'none' },
    damage: null,
    get position() {
      return position;
    },
    read(into) {
      if (position >= renderer.frames) return Promise.resolve(false);
      renderer.render(position++, into);
      return Promise.resolve(true);
    },
    close: () => Promise.resolve(),
  };
}
