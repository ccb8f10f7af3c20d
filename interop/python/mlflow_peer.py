"""Reads every run of a tracking store with MlflowClient, continues one, and prints what it found as JSON.

usage: mlflow_peer.py URI EXPERIMENT RUN_TO_CONTINUE

A run on a server has spatter's id as the tag spatter.run_id.
"""

import contextlib
import json
import math
import sys
import tempfile

import mlflow
from mlflow import MlflowClient

uri, experiment, wanted = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = MlflowClient()


def number(value):
    """JSON has no NaN and no infinities; the largest number is how MLflow's databases keep an infinity."""
    if math.isnan(value):
        return "NaN"
    if abs(value) == sys.float_info.max or math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def files(run_id, path=None):
    for entry in client.list_artifacts(run_id, path):
        if entry.is_dir:
            yield from files(run_id, entry.path)
        else:
            yield entry.path


def artifact(run_id, path):
    with tempfile.TemporaryDirectory() as folder:
        with open(client.download_artifacts(run_id, path, folder), encoding="utf8") as file:
            return file.read()


def describe(run):
    run_id = run.info.run_id
    return {
        "id": run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "start": run.info.start_time,
        "end": run.info.end_time,
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": {key: number(value) for key, value in run.data.metrics.items()},
        "history": {
            key: sorted([m.step, m.timestamp, number(m.value)] for m in client.get_metric_history(run_id, key))
            for key in run.data.metrics
        },
        "datasets": [
            [d.dataset.name, d.dataset.digest, {t.key: t.value for t in d.tags}] for d in run.inputs.dataset_inputs
        ],
        "artifacts": {path: artifact(run_id, path) for path in files(run_id)},
    }


found = client.get_experiment_by_name(experiment)
runs = client.search_runs([found.experiment_id], order_by=["attributes.start_time ASC"])
good = client.search_runs([found.experiment_id], "metrics.accuracy > 0.5 and params.lr = '0.001'")
answer = {
    "mlflow": mlflow.__version__,
    "experiments": sorted(e.name for e in client.search_experiments()),
    "runs": [describe(run) for run in runs],
    "filtered": [run.info.run_name for run in good],
}

continued = next(r.info.run_id for r in runs if r.data.tags.get("spatter.run_id", r.info.run_id) == wanted)
client.log_metric(continued, "continued", 0.5, timestamp=77, step=3)
client.log_metric(continued, "loss", 0.125, timestamp=9000, step=9)
client.log_param(continued, "added", "by mlflow")
client.set_tag(continued, "continued", "yes")
client.log_text(continued, "from mlflow", "notes/mlflow.txt")
with contextlib.redirect_stdout(sys.stderr):  # it prints where to look at the run
    client.set_terminated(continued, "FINISHED", end_time=9999)
print(json.dumps(answer))
