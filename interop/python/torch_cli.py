"""Writes weights for `spatter train` in every kind of file, and loads what `spatter export --weights` wrote.

Usage: torch_cli.py make|check FOLDER, where FOLDER/networks.json says model, channels, architecture and file of each.
"""

import json
import os
import sys

import torch
from safetensors.torch import load_file, save_file

from torch_models import build


class RunsAProgram:
    def __reduce__(self):
        return (os.system, ("false",))


def network(entry, classes=10):
    architecture = dict(entry["architecture"])
    if entry["model"].startswith("vit"):
        architecture["image"] = 32
    return build(entry["model"], entry["channels"], classes, architecture)


def make(folder, networks):
    for name, entry in networks.items():
        torch.manual_seed(0)
        state = network(entry).state_dict()
        path = os.path.join(folder, entry["file"])
        if path.endswith(".safetensors"):
            save_file({key: value.contiguous() for key, value in state.items()}, path)
        elif path.endswith(".mdl"):
            torch.save({"epoch": 3, "state_dict": {"module." + key: value for key, value in state.items()}}, path)
        else:
            torch.save(state, path)
    lenet = {"model": "lenet5", "channels": 1, "architecture": {}}
    torch.save(network(lenet, 7).state_dict(), os.path.join(folder, "classes.pth"))
    torch.save(torch.nn.Linear(2, 2), os.path.join(folder, "module.pth"))
    torch.save({"weight": torch.zeros(2), "more": RunsAProgram()}, os.path.join(folder, "evil.pth"))
    return {}


def load(folder, name, entry):
    """`ok` when all names and shapes fit, and training moved the weights from where they began."""
    model = network(entry)
    model.load_state_dict(load_file(os.path.join(folder, name + ".back.safetensors")), strict=True)
    torch.manual_seed(0)
    began = network(entry)
    moved = sum(not torch.equal(a, b) for a, b in zip(model.parameters(), began.parameters()))
    far = max((a - b).abs().max().item() for a, b in zip(model.parameters(), began.parameters()))
    model.eval()
    finite = torch.isfinite(model(torch.zeros(2, entry["channels"], 32, 32))).all().item()
    if moved == 0 or far > 0.1 or not finite:
        return f"{moved} tensors moved by up to {far}, finite outputs: {finite}"
    return "ok"


def main():
    command, folder = sys.argv[1:]
    with open(os.path.join(folder, "networks.json")) as file:
        networks = json.load(file)
    if command == "make":
        print(json.dumps(make(folder, networks)))
        return
    results = {}
    for name, entry in networks.items():
        try:
            results[name] = load(folder, name, entry)
        except (RuntimeError, OSError) as error:
            results[name] = str(error)
    print(json.dumps(results))


main()
