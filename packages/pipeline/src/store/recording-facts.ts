// Facts about a recording that no picture tells: a manifest states them, its HDF5 file carries them, an index reads them.

/** Columns of a manifest beside `video`, keys of an extraction's record, and attributes of the HDF5 file's root. */
export const FACTS = ['label', 'gas_flow', 'position', 'session', 'build', 'machine', 'recording'] as const;
export type Fact = (typeof FACTS)[number];
export type RecordingFacts = Readonly<Partial<Record<Fact, string>>>;

/** The facts among `values`, in the order of {@link FACTS}; numbers become text, what is blank or anything else is left out. */
export function factsIn(values: Readonly<Record<string, unknown>>): RecordingFacts {
  const texts = FACTS.map((fact) => [fact, asText(values[fact])] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== ''));
}

/** Text as it is meant, a number as text; empty for anything else. */
export function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

const FLOWS = ['low', 'mid', 'high'];

/**
 * The class of each recording, or null where it is not told: its `label`, or its `gas_flow` by number – low, mid, high in that
 * order as far as they occur; other flows count up from the lowest.
 */
export function classesOf(recordings: readonly RecordingFacts[]): (string | null)[] {
  const named = recordings.map(({ gas_flow }) => gas_flow).filter((flow) => flow !== undefined);
  const flows = [...new Set(named)].sort(byFlow);
  return recordings.map(({ label, gas_flow }) => {
    return label ?? (gas_flow === undefined ? null : String(flows.indexOf(gas_flow)));
  });
}

function byFlow(a: string, b: string): number {
  const [p, q] = [FLOWS.indexOf(a), FLOWS.indexOf(b)];
  return p >= 0 && q >= 0 ? p - q : Number(a) - Number(b) || (a < b ? -1 : 1);
}

/** The day or set-up of the camera: a build counts as one unless another is named. */
export function sessionOf({ session, build }: RecordingFacts): string | null {
  return session ?? build ?? null;
}
