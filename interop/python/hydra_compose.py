"""Composes command lines with the real hydra-core. Argument: a JSON file of {cases: [{folder, extra, config, overrides, multirun}], env}.

A case with multirun composes every job of Hydra's own sweeper. Prints a JSON list: {"value": resolved config} or {"error": first line of the failure} for every case.
"""

import json
import math
import os
import sys
import warnings

import hydra
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

warnings.simplefilter("ignore")


def plain(value):
    """JSON has no infinities: spelled as JavaScript spells them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def sweep(overrides):
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    [jobs] = BasicSweeper.split_arguments(parser.parse_overrides(overrides), max_batch_size=None)
    return jobs


def composed(case):
    overrides = list(case["overrides"])
    if case["extra"]:
        overrides.append("hydra.searchpath=['file://" + case["extra"] + "']")
    with initialize_config_dir(config_dir=case["folder"], version_base="1.3"):
        jobs = sweep(overrides) if case.get("multirun") else [overrides]
        configs = [compose(config_name=case["config"], overrides=job) for job in jobs]
        trees = [plain(OmegaConf.to_container(c, resolve=True, throw_on_missing=True)) for c in configs]
        return trees if case.get("multirun") else trees[0]


def outcome(case):
    try:
        return {"value": composed(case)}
    except Exception as error:  # every refusal of the real program counts, whatever its class
        return {"error": f"{type(error).__name__}: {str(error).strip().splitlines()[:1]}"}


with open(sys.argv[1], encoding="utf8") as file:
    request = json.load(file)
os.environ.update(request["env"])
print(json.dumps({"version": hydra.__version__, "outcomes": [outcome(case) for case in request["cases"]]}))
