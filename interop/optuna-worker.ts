// One worker of ours for interop/optuna-workers.ts: `URL UNTIL PAUSE_SECONDS`. It runs trials until enough have completed, and is meant to be killed at any moment.
import { loadStudy } from '../packages/hpo/src/index.ts';
import { branin } from '../packages/hpo/src/samplers/testing/problems.ts';

const [storage = '', until = '0', pause = '0'] = process.argv.slice(2);
const study = await loadStudy({
  storage,
  name: 'shared',
  heartbeat: { intervalSeconds: 5, unsignedSeconds: 20, retry: {} },
});
await study.optimize(
  async (trial) => {
    trial.setUserAttr('pid', process.pid);
    await trial.flush();
    const value = branin(trial);
    trial.setUserAttr('by', 'us');
    await new Promise((resolve) => setTimeout(resolve, Number(pause) * 1000));
    return value;
  },
  {
    callbacks: [
      async (own) => {
        if ((await own.trials(['COMPLETE'])).length >= Number(until)) own.stop();
      },
    ],
  },
);
await study.storage.close();
