// What the reference interpreter's rules see and return.
import type { Shape } from '../ir/host.ts';
import type { Node, PrimitiveName, Primitives } from '../ir/primitives.ts';

/** A value during interpretation: integers and bools are held as float64 too. */
export interface Value {
  readonly shape: Shape;
  readonly values: Float64Array;
}

type ValuesOf<Inputs extends readonly unknown[]> = { readonly [I in keyof Inputs]: Value };

/** The values of `node`, by the definition of its primitive. */
export type Rule<P extends PrimitiveName> = (
  node: Node<P>,
  ...inputs: ValuesOf<Primitives[P]['inputs']>
) => Float64Array;
