"""The real Optuna, asked by interop/optuna.ts: `optuna_peer.py COMMAND ARGUMENTS…` prints one JSON value."""

import json
import math
import os
import sys
import time
import warnings

import numpy as np
import optuna
from optuna.distributions import distribution_to_json, json_to_distribution

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")


def plain(value):
    """JSON without the numbers that JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def milliseconds(when):
    return None if when is None else math.floor(when.timestamp() * 1000)


def described(trial):
    return {
        "number": trial.number,
        "state": trial.state.name,
        "values": trial.values,
        "params": trial.params,
        "distributions": {k: json.loads(distribution_to_json(d)) for k, d in trial.distributions.items()},
        "user": trial.user_attrs,
        "system": trial.system_attrs,
        "intermediate": trial.intermediate_values,
        "constraints": trial.constraints,
        "started": milliseconds(trial.datetime_start),
        "completed": milliseconds(trial.datetime_complete),
    }


def opened(url):
    if url.startswith("journal:"):
        backend = optuna.storages.journal.JournalFileBackend(url[len("journal:") :])
        return optuna.storages.JournalStorage(backend)
    return url


def everything(trial):
    """An objective that leaves something in every table."""
    x = trial.suggest_float("x", -1, 2)
    trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    trial.suggest_float("drop", 0, 0.5, step=0.1)
    trial.suggest_int("depth", 1, 9, step=2)
    trial.suggest_int("width", 1, 64, log=True)
    trial.suggest_categorical("kind", ["sgd", "adam", None, True, 1.5])
    if trial.number % 2:
        trial.suggest_int("only_odd", 0, 3)
    trial.set_user_attr("note", {"text": "größer", "list": [1, None, float("nan")]})
    trial.set_constraint("limit", x - 1)
    trial.report(x, 0)
    trial.report(float("nan") if trial.number % 3 == 0 else float("inf"), 1)
    if trial.number % 5 == 4:
        raise optuna.TrialPruned()
    if trial.number % 5 == 3:
        return float("nan")
    return -float("inf") if trial.number % 7 == 6 else x * x


def write(url, count):
    study = optuna.create_study(
        storage=opened(url), study_name="shared", load_if_exists=True, pruner=optuna.pruners.NopPruner()
    )
    study.set_user_attr("by optuna", [1, float("nan")])
    study.enqueue_trial({"x": 0.125, "kind": None}, user_attrs={"why": "known"})
    study.optimize(everything, n_trials=int(count))
    study.enqueue_trial({"x": 0.25})
    return None


def dump(url):
    study = optuna.load_study(study_name="shared", storage=opened(url))
    return {
        "directions": [d.name.lower() for d in study.directions],
        "user": study.user_attrs,
        "trials": [described(t) for t in study.trials],
        "best": study.best_trial.number,
    }


def distributions(*texts):
    return [json.loads(distribution_to_json(json_to_distribution(text))) for text in texts]


def branin(t):
    x, y = t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15)
    a = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return a**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


ALPHA = [1.0, 1.2, 3.0, 3.2]
A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
]


def hartmann6(t):
    x = [t.suggest_float(f"x{i}", 0, 1) for i in range(6)]
    total = 0.0
    for k in range(4):
        total += ALPHA[k] * math.exp(-sum(A[k][i] * (x[i] - 1e-4 * P[k][i]) ** 2 for i in range(6)))
    return -total


def mixed(t):
    x = t.suggest_float("x", -1, 2)
    lr = t.suggest_float("lr", 1e-5, 1e-1, log=True)
    drop = t.suggest_float("drop", 0, 0.5, step=0.1)
    depth = t.suggest_int("depth", 1, 9, step=2)
    width = t.suggest_int("width", 1, 64, log=True)
    kind = t.suggest_categorical("kind", ["sgd", "adam", None])
    t.set_constraint("narrow", width - 40)
    return (x - 1) ** 2 + (math.log10(lr) + 3) ** 2 + drop + depth / width + (0 if kind == "adam" else 1)


def zdt(number):
    def objective(t):
        x = [t.suggest_float(f"x{i}", 0, 1) for i in range(6)]
        g = 1 + 9 * sum(x[1:]) / 5
        ratio = x[0] / g
        return x[0], g * (1 - math.sqrt(ratio) if number == 1 else 1 - ratio * ratio)

    return objective


def crowded(t):
    """Two objectives over every kind of parameter, coarse enough for ties, and two constraints that often fail."""
    x = t.suggest_float("x", -1, 2)
    lr = t.suggest_float("lr", 1e-5, 1e-1, log=True)
    drop = t.suggest_float("drop", 0, 0.5, step=0.1)
    depth = t.suggest_int("depth", 1, 9, step=2)
    width = t.suggest_int("width", 1, 64, log=True)
    kind = t.suggest_categorical("kind", ["sgd", "adam", None])
    act = t.suggest_categorical("act", [True, False])
    t.set_constraint("narrow", width - 20)
    t.set_constraint("shallow", depth - 5)
    fit = math.floor(4 * ((x - 1) ** 2 + (math.log10(lr) + 3) ** 2)) + (0 if kind == "adam" else 1)
    return fit + 1 / depth, depth * math.floor(math.log2(width)) + round(drop * 10) + (2 if act else 0)


PROBLEMS = {
    "branin": (branin, 1),
    "hartmann6": (hartmann6, 1),
    "mixed": (mixed, 1),
    "zdt1": (zdt(1), 2),
    "zdt2": (zdt(2), 2),
    "crowded": (crowded, 2),
}
SAMPLERS = {
    "random": optuna.samplers.RandomSampler,
    "tpe": optuna.samplers.TPESampler,
    "independent": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=False),
    "grouped": lambda seed: optuna.samplers.TPESampler(seed=seed, group=True),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=20),
}


class OneStream(np.random.RandomState):
    """Draws places as floors of uniform numbers: two words a draw, as all other draws."""

    def choice(self, size):
        return int(self.rand() * size)


def nsga2_with_one_stream(seed):
    """Optuna's NSGA-II with one generator instead of two that repeat each other, and with parents by number also for a
    generation's first child."""
    sampler = optuna.samplers.NSGAIISampler(population_size=20)
    sampler._rng._rng = sampler._random_sampler._rng._rng = OneStream(seed)
    chosen = sampler.get_parent_population
    sampler.get_parent_population = lambda *a: sorted(chosen(*a), key=lambda t: t.number)
    return sampler


SAMPLERS["nsga2-one-stream"] = nsga2_with_one_stream


def run(problem, sampler, seed, trials):
    objective, objectives = PROBLEMS[problem]
    study = optuna.create_study(directions=["minimize"] * objectives, sampler=SAMPLERS[sampler](seed=seed))
    study.optimize(objective, n_trials=trials)
    return study


def sequence(problem, sampler, seed, trials):
    """Which of equal values NumPy's default sort puts first depends on the processor: ask for the stable one."""
    quick = np.argsort
    np.argsort = lambda a, axis=-1, kind=None, **more: quick(a, axis=axis, kind="stable", **more)
    return [[t.params, t.values] for t in run(problem, sampler, int(seed), int(trials)).trials]


def quality(problem, sampler, seeds, trials):
    results = []
    for seed in range(int(seeds)):
        study = run(problem, sampler, seed, int(trials))
        if len(study.directions) == 1:
            results.append(study.best_value)
        else:
            results.append([t.values for t in study.trials])
    return results


def grid():
    return [list(point) for point in optuna.samplers.GridSampler({"x": list(range(7)), "kind": ["a", "b"]})._all_grids]


PRUNERS = {
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=1),
    "percentile": lambda: optuna.pruners.PercentilePruner(25, n_startup_trials=2, interval_steps=2, n_min_trials=2),
    "halving": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
    "halving-auto": lambda: optuna.pruners.SuccessiveHalvingPruner(),
    "hyperband": lambda: optuna.pruners.HyperbandPruner(max_resource=27),
    "hyperband-auto": lambda: optuna.pruners.HyperbandPruner(),
    "patient": lambda: optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(), patience=2, min_delta=0.05),
    "threshold": lambda: optuna.pruners.ThresholdPruner(lower=0.1, upper=2.2, n_warmup_steps=2),
}


def learning(t):
    x = t.suggest_float("x", 0, 1)
    for step in range(27):
        value = x + 2 / (1 + step) + 0.3 * math.sin(40 * x + step)
        t.report(float("nan") if t.number % 9 == 8 and step > 20 else value, step)
        if t.should_prune():
            raise optuna.TrialPruned()
    return x


def pruned(name, direction):
    study = optuna.create_study(
        study_name="pruned", direction=direction, sampler=optuna.samplers.TPESampler(seed=5), pruner=PRUNERS[name]()
    )
    study.optimize(learning, n_trials=60)
    return [[t.state.name, len(t.intermediate_values), t.params["x"]] for t in study.trials]


def worker(url, until, pause):
    """Runs trials until the study has enough that completed. Meant to be killed at any moment."""
    storage = optuna.storages.RDBStorage(
        url,
        heartbeat_interval=5,
        heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
    )
    study = optuna.load_study(
        study_name="shared", storage=storage, sampler=optuna.samplers.TPESampler(seed=os.getpid() % 2**31)
    )

    def objective(t):
        t.set_user_attr("pid", os.getpid())
        value = branin(t)
        t.set_user_attr("by", "optuna")
        time.sleep(float(pause))
        return value

    done = optuna.study.MaxTrialsCallback(int(until), states=(optuna.trial.TrialState.COMPLETE,))
    study.optimize(objective, callbacks=[done])
    return None


def bench(url, existing, warm_up, measured):
    study = optuna.create_study(storage=url, study_name="bench", sampler=optuna.samplers.TPESampler(seed=1))
    rng = np.random.RandomState(0)
    space = {f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(4)}
    space["n"] = optuna.distributions.IntDistribution(1, 64, log=True)
    for _ in range(int(existing)):
        params = {name: d.low + (d.high - d.low) * rng.rand() for name, d in space.items()}
        params["n"] = int(params["n"])
        study.add_trial(optuna.create_trial(params=params, distributions=space, value=rng.rand()))
    study.optimize(lambda t: [t._suggest(name, d) for name, d in space.items()][0], n_trials=int(warm_up))
    start, cpu = time.perf_counter(), time.process_time()
    study.optimize(lambda t: [t._suggest(name, d) for name, d in space.items()][0], n_trials=int(measured))
    per_trial = 1000 / int(measured)
    return {"wall": (time.perf_counter() - start) * per_trial, "cpu": (time.process_time() - cpu) * per_trial}


COMMANDS = [write, dump, distributions, sequence, quality, grid, pruned, worker, bench]

if __name__ == "__main__":
    command = {c.__name__: c for c in COMMANDS}[sys.argv[1]]
    print(json.dumps(plain(command(*sys.argv[2:]))))
