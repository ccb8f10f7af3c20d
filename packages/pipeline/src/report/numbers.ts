// Numbers as people read them: the same wording in terminal, page and charts.
import type { Interval } from '../metrics/bootstrap.ts';

/** 0.98376 → `98.4 %`; a dash for what is not a number. */
export function percent(value: number | null, digits = 1): string {
  return value === null || !Number.isFinite(value) ? '–' : `${(value * 100).toFixed(digits)} %`;
}

/** A figure with three significant places after the point; a dash for what is not a number. */
export function decimal(value: number | null, digits = 3): string {
  return value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}

/** 1234567 → `1,234,567`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `96.1 … 98.7 %`, or `no interval`. */
export function percentRange({ low, high }: Pick<Interval, 'low' | 'high'>): string {
  if (low === null || high === null) return 'no interval';
  return `${(low * 100).toFixed(1)} … ${(high * 100).toFixed(1)} %`;
}

/** A difference of shares in percentage points, with its sign: `+3.2`. */
export function signed(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return `${value < 0 ? '−' : '+'}${(Math.abs(value) * 100).toFixed(1)}`;
}

/** `+3.2 points`. */
export function points(value: number): string {
  return `${signed(value)} points`;
}

/** `+1.0 … +5.4 points`, or `no interval`. */
export function pointsRange({ low, high }: Pick<Interval, 'low' | 'high'>): string {
  return low === null || high === null ? 'no interval' : `${signed(low)} … ${points(high)}`;
}
