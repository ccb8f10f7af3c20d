// Identifiers as MLflow makes them.
import { randomUUID } from 'node:crypto';

/** 32 hexadecimal digits that no other run has. */
export const newId = (): string => randomUUID().replaceAll('-', '');
