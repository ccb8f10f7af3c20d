// Training curves: loss and accuracy by epoch, training beside validation, with the kept epoch marked.
import type { LineSeriesOption } from 'echarts';
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, MARGIN, percentAxis, valueAxis } from '../theme.ts';

export interface EpochFigures {
  /** Counted from 1. */
  readonly epoch: number;
  readonly train_loss: number;
  readonly val_loss: number;
  readonly train_accuracy: number;
  readonly val_accuracy: number;
}

/** `best` is the epoch whose weights were kept. */
export function trainingChart(epochs: readonly EpochFigures[], best?: number): string {
  const lowest = Math.min(...epochs.flatMap((e) => [e.train_accuracy, e.val_accuracy]));
  const grid = { top: MARGIN.top, bottom: MARGIN.bottom, outerBoundsMode: 'same', outerBoundsContain: 'all' };
  const x = { ...valueAxis('epoch', { min: 1, max: Math.max(2, epochs.length) }), minInterval: 1 };
  const option = {
    ...baseOption({
      title: 'Training',
      subtitle:
        best === undefined
          ? 'loss and accuracy by epoch'
          : `loss and accuracy by epoch; epoch ${best} was kept`,
    }),
    grid: [
      { ...grid, left: MARGIN.left, right: '52%' },
      { ...grid, left: '51%', right: MARGIN.right },
    ] as never,
    xAxis: [x, { ...x, gridIndex: 1 }],
    yAxis: [
      { ...valueAxis('loss'), scale: true },
      { ...percentAxis('accuracy', Math.floor(lowest * 20) / 20), gridIndex: 1 },
    ],
    series: [
      curve('training', epochs, 'train_loss', 0),
      { ...curve('validation', epochs, 'val_loss', 0), ...mark(best) },
      curve('training', epochs, 'train_accuracy', 1),
      { ...curve('validation', epochs, 'val_accuracy', 1), ...mark(best) },
    ],
  };
  return renderSvg('training', 'Loss and accuracy by epoch', option, WIDE);
}

function curve(
  name: 'training' | 'validation',
  epochs: readonly EpochFigures[],
  figure: keyof EpochFigures,
  panel: number,
): LineSeriesOption {
  const colour = name === 'training' ? COLOURS.train : COLOURS.model;
  return {
    type: 'line',
    name,
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: epochs.map((e) => [e.epoch, e[figure]]),
    symbol: name === 'training' ? 'circle' : 'rect',
    symbolSize: 6,
    showSymbol: epochs.length <= 30,
    lineStyle: { width: 2.2, color: colour, type: name === 'training' ? 'dashed' : 'solid' },
    itemStyle: { color: colour },
  };
}

function mark(best: number | undefined): LineSeriesOption {
  if (best === undefined) return {};
  return {
    markLine: {
      symbol: 'none',
      silent: true,
      label: { show: false },
      lineStyle: { color: COLOURS.muted, type: 'dotted', width: 1.4 },
      data: [{ xAxis: best }],
    },
  };
}
