// Small aligned tables for the terminal: names to the left, numbers to the right.

/** Lines of a table with a header and a rule; columns whose cells all look like numbers are aligned right. */
export function terminalTable(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((name, k) => Math.max(...[name, ...rows.map((row) => row[k] ?? '')].map(width)));
  const right = columns.map((_, k) => rows.length > 0 && rows.every((row) => isNumeric(row[k] ?? '')));
  const line = (cells: readonly string[]) =>
    columns.map((_, k) => pad(cells[k] ?? '', widths[k]!, right[k]!)).join('  ').trimEnd(); // prettier-ignore
  return [line(columns), widths.map((n) => '─'.repeat(n)).join('  '), ...rows.map(line)];
}

/** Lines of `name  value` pairs, values in one column. */
export function terminalPairs(pairs: readonly (readonly [name: string, value: string])[]): string[] {
  const widest = Math.max(0, ...pairs.map(([name]) => width(name)));
  return pairs.map(([name, value]) => `${pad(name, widest, false)}  ${value}`);
}

/** Columns on screen, counting a character as one: our texts have no wide ones, but points beyond 16 bits count once. */
const width = (text: string): number => Array.from(text).length;

const pad = (text: string, to: number, right: boolean): string => {
  const space = ' '.repeat(Math.max(0, to - width(text)));
  return right ? space + text : text + space;
};

const isNumeric = (text: string): boolean => /^$|^[–+−-]?\d*[\d.,… %–]*( points)?$/.test(text);
