"""Trains a small network in half precision under torch.amp.GradScaler, from a scale that overflows, and prints what became of it.

Usage: torch_scaler.py '{"architecture": {…}, "steps": 24, "lr": 0.001, "initial": 1.0e12, "interval": 4}'
Weights, images and labels are those of torch_fixtures.py.
"""

import json
import sys

import torch
from torch import nn

from torch_fixtures import batch, initialise
from torch_models import build


def main():
    case = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    model = build("cnn", case["in_channels"], case["num_classes"], case["architecture"])
    initialise(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=case["lr"])
    scaler = torch.amp.GradScaler("cpu", init_scale=case["initial"], growth_interval=case["interval"])
    scales = []
    for step in range(case["steps"]):
        x, y = batch(step, case)
        with torch.autocast("cpu", dtype=torch.float16):
            logits = model(x)
        loss = nn.functional.cross_entropy(logits.float(), y)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
    updates = [int(state["step"]) for state in optimizer.state.values()]
    tensors = {name: value.flatten().tolist() for name, value in model.state_dict().items()}
    print(json.dumps({"torch": torch.__version__, "scales": scales, "updates": updates[0], "tensors": tensors}))


if __name__ == "__main__":
    main()
