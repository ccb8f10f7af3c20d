// The estimator that Optuna 5.0 (`_ParzenEstimator`, default settings) builds from three trials, and its log density at two points.

interface Golden {
  /** Internal values by parameter, then by trial. */
  readonly observations: readonly (readonly number[])[];
  /** Where the density was taken: by parameter, then by point. */
  readonly points: readonly (readonly number[])[];
  readonly weights: readonly number[];
  readonly log_pdf: readonly number[];
  readonly kernels: readonly {
    readonly mu?: readonly number[];
    readonly sigma?: readonly number[];
    readonly weights?: readonly (readonly number[])[];
  }[];
}

export const GOLDEN: Golden = {
  observations: [
    [0.1, 0.5, 0.52],
    [0.0001, 0.001, 0.05],
    [1, 5, 9],
    [2, 8, 64],
    [0, 1, 1],
    [0, 0.25, 1],
  ],
  points: [
    [0.3, 0.9],
    [0.0002, 0.09],
    [3, 7],
    [4, 50],
    [0, 2],
    [0.5, 0.75],
  ],
  weights: [0.25, 0.25, 0.25, 0.25],
  log_pdf: [-8.844364899954112, -12.780197901136608],
  kernels: [
    {
      mu: [0.1, 0.5, 0.52, 0.5],
      sigma: [0.4, 0.4, 0.2, 1.0],
    },
    {
      mu: [-9.210340371976182, -6.907755278982137, -2.995732273553991, -6.907755278982137],
      sigma: [2.302585092994045, 3.912023005428146, 3.912023005428146, 9.210340371976184],
    },
    {
      mu: [1.0, 5.0, 9.0, 5.0],
      sigma: [4.0, 4.0, 4.0, 10.0],
    },
    {
      mu: [0.6931471805599453, 2.0794415416798357, 4.1588830833596715, 1.7367590216208906],
      sigma: [1.3862943611198904, 2.0794415416798357, 2.0794415416798357, 4.859812404361672],
    },
    {
      weights: [
        [0.7142857142857143, 0.14285714285714285, 0.14285714285714285],
        [0.14285714285714285, 0.7142857142857143, 0.14285714285714285],
        [0.14285714285714285, 0.7142857142857143, 0.14285714285714285],
        [0.3333333333333333, 0.3333333333333333, 0.3333333333333333],
      ],
    },
    {
      mu: [0.0, 0.25, 1.0, 0.5],
      sigma: [0.25, 0.75, 0.75, 1.25],
    },
  ],
};
