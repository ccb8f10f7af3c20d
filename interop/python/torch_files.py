"""Writes the PyTorch files of packages/pipeline/src/train/fixtures: tensors of all types, a checkpoint, and files to refuse.

Usage: torch_files.py FOLDER
"""

import os
import sys
from pathlib import Path

import torch
from torch import nn


class System:
    def __reduce__(self):
        return os.system, ("echo executed",)


class Eval:
    def __reduce__(self):
        return eval, ("1 + 1",)


def main():
    folder = Path(sys.argv[1])
    six = torch.arange(6.0).reshape(2, 3)
    tensors = {
        "float": six - 1.5,
        "double": (six - 1.5).double(),
        "half": (six - 1.5).half(),
        "bfloat16": (six - 1.5).bfloat16(),
        "parameter": nn.Parameter(six - 1.5),
        "transposed": six.t(),
        "view": six.flatten()[2:4],
        "count": torch.tensor(7),
        "flags": torch.tensor([True, False]),
    }
    torch.save(tensors, folder / "tensors.pth")
    state = {"module.layer.weight": torch.tensor([1.0, 2.0])}
    torch.save({"epoch": 3, "loss": 0.5, "state_dict": state, "note": None}, folder / "checkpoint.mdl")
    torch.save({"weight": torch.ones(2), "run": System()}, folder / "evil-system.pth")
    torch.save({"weight": torch.ones(2), "run": Eval()}, folder / "evil-eval.pth")
    torch.save(nn.Linear(2, 1), folder / "module.pth")
    torch.save({"weight": torch.ones(2)}, folder / "legacy.pth", _use_new_zipfile_serialization=False)


main()
