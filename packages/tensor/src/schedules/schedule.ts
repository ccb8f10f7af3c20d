// What every schedule is.

/** The learning rate of step `step`, counted from 0 in whatever unit the schedule was made for: batches or epochs. */
export type Schedule = (step: number) => number;
