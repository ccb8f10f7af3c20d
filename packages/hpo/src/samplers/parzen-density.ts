// The density of a Parzen estimator. Of thousands of components few lie near a point: the others are left out early.
import { logMass, logPdf, logsOf } from '../numeric/normal.ts';
import type { CategoricalKernels, Kernels, Mixture, NumericKernels } from './parzen.ts';
import { findNear, type FindNear } from './parzen-near.ts';
import { searchInterval } from './unit-interval.ts';

/** A component this much less likely than another, in logarithms, changes no digit of their sum. */
const NEGLIGIBLE = 50;

/** Some components of a mixture, the first `count`, with what is known of their log density at a point. */
interface Components {
  count: number;
  readonly component: Uint32Array;
  readonly logs: Float64Array;
}

/** One parameter's part of every component's log density. */
interface Term {
  /** Adds logs at a value, none above 0, and drops the components that are not above `floor` then. */
  readonly narrow: (value: number, components: Components, floor: number) => void;
  /** What is added in the end for component k, at most `LATE`: for the few that are left. */
  readonly late?: (k: number) => number;
}

/** ln density (or probability, for discrete parameters) of each point: `samples[p][i]` is parameter p of point i. */
export function logDensity(mixture: Mixture, samples: readonly Float64Array[]): Float64Array {
  // What does not depend on the point is summed once.
  const base = logsOf(mixture.weights);
  const order = continuousFirst(mixture.kernels);
  const terms = order.map((p) => termOf(mixture.kernels[p]!, base));
  const select = selection(mixture.kernels[order[0]!], base);
  const near = { count: 0, component: new Uint32Array(base.length), logs: new Float64Array(base.length) };
  const logAt = (point: number, floor: number): number => {
    for (let j = 0; j < near.count; j++) near.logs[j] = base[near.component[j]!]!;
    for (const [i, { narrow }] of terms.entries()) narrow(samples[order[i]!]![point]!, near, floor);
    for (const { late } of terms) if (late !== undefined) addEach(near, late);
    return logSumExp(near);
  };
  return (samples[0] ?? new Float64Array()).map((_, point) => {
    // The prior reaches everywhere: what lies far below it is far below the sum.
    near.component[0] = base.length - 1;
    near.count = 1;
    const floor = logAt(point, -Infinity) - NEGLIGIBLE - LATE * terms.length;
    near.count = select(samples[order[0]!]![point]!, floor, near.component);
    return logAt(point, floor);
  });
}

/** Continuous parameters tell most components apart, and cost least. */
function continuousFirst(kernels: readonly Kernels[]): number[] {
  const places = kernels.map((_, p) => p);
  return [
    ...places.filter((p) => isContinuous(kernels[p]!)),
    ...places.filter((p) => !isContinuous(kernels[p]!)),
  ];
}

function isContinuous(kernels: Kernels): kernels is NumericKernels {
  return !('rows' in kernels) && kernels.distribution.step === null;
}

/** Finds components by a parameter when it is continuous, and gives all of them otherwise. */
function selection(kernels: Kernels | undefined, base: Float64Array): FindNear {
  if (kernels !== undefined && isContinuous(kernels)) {
    const find = findNear(kernels, base);
    return kernels.distribution.log ? (value, floor, found) => find(Math.log(value), floor, found) : find;
  }
  const all = base.map((_, k) => k);
  return (_, __, found) => {
    found.set(all);
    return all.length;
  };
}

function addEach({ count, component, logs }: Components, ofComponent: (k: number) => number): void {
  for (let j = 0; j < count; j++) logs[j] = logs[j]! + ofComponent(component[j]!);
}

function logSumExp({ count, logs }: Components): number {
  let top = -Infinity;
  for (let j = 0; j < count; j++) if (logs[j]! > top) top = logs[j]!;
  if (top === -Infinity) return top;
  const least = top - NEGLIGIBLE;
  let sum = 0;
  for (let j = 0; j < count; j++) if (logs[j]! > least) sum += Math.exp(logs[j]! - top);
  return Math.log(sum) + top;
}

/** What is the same for every value is added to `base` at once. */
function termOf(kernels: Kernels, base: Float64Array): Term {
  if ('rows' in kernels) return categoricalTerm(kernels);
  const { step } = kernels.distribution;
  return step === null ? continuousTerm(kernels, base) : discreteTerm(kernels, step, base);
}

function categoricalTerm({ rows, same }: CategoricalKernels): Term {
  const logs = rows.map(logsOf);
  return {
    narrow(choice, components, floor) {
      const added = Float64Array.from(logs, (row) => row[choice]!);
      addClasses(components, floor, added, same);
    },
  };
}

/** A normal whose mean lies in an interval no narrower than σ has a third of its mass there, or more: −ln 0.34. */
const LATE = 1.1;

/** −ln of each kernel's mass on the search interval: at once into `base` where it may exceed `LATE`, late elsewhere. */
function lateMasses({ distribution, mu, sigma }: NumericKernels, base: Float64Array): (k: number) => number {
  const [low, high] = searchInterval(distribution);
  const isInside = (mean: number): boolean => mean >= low && mean <= high;
  const mass = (k: number): number => logMass((low - mu[k]!) / sigma[k]!, (high - mu[k]!) / sigma[k]!);
  for (let k = 0; k < mu.length; k++) if (!isInside(mu[k]!)) base[k] = base[k]! - mass(k);
  const known = new Float64Array(mu.length).fill(NaN);
  return (k) => {
    if (Number.isNaN(known[k])) known[k] = isInside(mu[k]!) ? -mass(k) : 0;
    return known[k]!;
  };
}

function continuousTerm(kernels: NumericKernels, base: Float64Array): Term {
  const { distribution, mu, sigma } = kernels;
  const scale = new Float64Array(mu.length);
  let [width, inverse, peak] = [NaN, NaN, NaN];
  for (let k = 0; k < mu.length; k++) {
    if (sigma[k] !== width) {
      width = sigma[k]!;
      [inverse, peak] = [Math.SQRT1_2 / width, logPdf(0) - Math.log(width)];
    }
    scale[k] = inverse;
    base[k] = base[k]! + peak;
  }
  return {
    narrow(value, components, floor) {
      subtractSquares(components, floor, distribution.log ? Math.log(value) : value, mu, scale);
    },
    late: lateMasses(kernels, base),
  };
}

/** A function of its own, with its arrays as constants: the engine keeps their addresses in registers. */
function subtractSquares(
  components: Components,
  floor: number,
  x: number,
  mu: Float64Array,
  scale: Float64Array,
): void {
  const { count, component, logs } = components;
  let place = 0;
  for (let j = 0; j < count; j++) {
    const k = component[j]!;
    const distance = (x - mu[k]!) * scale[k]!;
    const log = logs[j]! - distance * distance;
    component[place] = k;
    logs[place] = log;
    if (log > floor) place++;
  }
  components.count = place;
}

/** As `subtractSquares` where components fall into few classes, each with one log. */
function addClasses(components: Components, floor: number, added: Float64Array, same: Uint32Array): void {
  const { count, component, logs } = components;
  let place = 0;
  for (let j = 0; j < count; j++) {
    const k = component[j]!;
    const log = logs[j]! + added[same[k]!]!;
    component[place] = k;
    logs[place] = log;
    if (log > floor) place++;
  }
  components.count = place;
}

/** Where fewer than this share of components are left, it is not worth while to look for those that are alike. */
const FEW = 1 / 8;

function discreteTerm(kernels: NumericKernels, step: number, base: Float64Array): Term {
  const { distribution, mu, sigma } = kernels;
  const scale = distribution.log ? Math.log : (edge: number) => edge;
  let shared: Classes | undefined;
  const known = new Map<number, Float64Array>();
  return {
    narrow(value, components, floor) {
      const [left, right] = [scale(value - step / 2), scale(value + step / 2)];
      const mass = (k: number): number => logMass((left - mu[k]!) / sigma[k]!, (right - mu[k]!) / sigma[k]!);
      if (components.count < FEW * mu.length) {
        addEach(components, mass);
        return;
      }
      shared ??= classes(mu, sigma);
      const cell = known.get(value) ?? Float64Array.from(shared.first, mass);
      known.set(value, cell);
      addClasses(components, floor, cell, shared.same);
    },
    late: lateMasses(kernels, base),
  };
}

interface Classes {
  /** One component of each class. */
  readonly first: readonly number[];
  /** The class of each component. */
  readonly same: Uint32Array;
}

/** Components that share μ and σ. Discrete parameters have few. */
function classes(mu: Float64Array, sigma: Float64Array): Classes {
  const first: number[] = [];
  const same = new Uint32Array(mu.length);
  const bySigma = new Map<number, Map<number, number>>();
  let [width, byMu] = [NaN, new Map<number, number>()];
  for (let k = 0; k < mu.length; k++) {
    if (sigma[k] !== width) {
      width = sigma[k]!;
      byMu = bySigma.get(width) ?? new Map<number, number>();
      bySigma.set(width, byMu);
    }
    let place = byMu.get(mu[k]!);
    if (place === undefined) byMu.set(mu[k]!, (place = first.push(k) - 1));
    same[k] = place;
  }
  return { first, same };
}
