"""Trains both LeNet5 variants for 20 steps with PyTorch and writes losses and final parameters as safetensors.

Usage: torch_fixtures.py CASES.json OUT.safetensors
Weights, images and labels come from the integer hash that packages/pipeline/src/models/testing/parity.ts uses too.
"""

import json
import struct
import sys

import numpy as np
import torch
from torch import nn

STEPS, BATCH = 20, 8


def hashed(salt, count):
    """Uniform numbers in [0, 1) with 24 bits: exact in float32."""
    h = (np.arange(count, dtype=np.uint64) + np.uint64(salt * 7919 + 1)) * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)
    h = (h ^ (h >> np.uint64(15))) * np.uint64(2246822519) & np.uint64(0xFFFFFFFF)
    h = (h ^ (h >> np.uint64(13))) * np.uint64(3266489917) & np.uint64(0xFFFFFFFF)
    return ((h ^ (h >> np.uint64(16))) >> np.uint64(8)).astype(np.float64) / 2**24


class LeNet5(nn.Module):
    def __init__(self, variant, in_channels, classes):
        super().__init__()
        if variant == "lenet5":
            body = [nn.Conv2d(in_channels, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2)]
        else:
            body = []
            for i, o in ((in_channels, 6), (6, 16)):
                body += [nn.Conv2d(i, o, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Sigmoid()]
        head = [nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes)]
        self.model = nn.Sequential(*body, *head)

    def forward(self, x):
        return self.model(x)


def initialise(model):
    with torch.no_grad():
        for salt, parameter in enumerate(model.parameters()):
            fan_in = parameter[0].numel() if parameter.ndim > 1 else parameter.numel()
            values = (2 * hashed(salt, parameter.numel()) - 1) / np.sqrt(fan_in)
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape))


def batch(step, case):
    # Eight gray levels, so that many pooling windows tie.
    gray = np.floor(hashed(3000 + step, BATCH * 1024) * 8) / 8
    x = torch.from_numpy(gray.astype(np.float32)).reshape(BATCH, 1, 32, 32).repeat(1, case["in_channels"], 1, 1)
    classes = max(case["num_classes"], 2)
    y = torch.from_numpy(np.floor(hashed(2000 + step, BATCH) * classes))
    return x, y.long() if case["num_classes"] > 1 else y.float()


def optimizer_of(case, model):
    options = case["options"]
    if case["optimizer"] == "adam":
        betas = options.get("betas", (0.9, 0.999))
        return torch.optim.Adam(model.parameters(), lr=case["lr"], betas=betas, weight_decay=options.get("weightDecay", 0))
    return torch.optim.SGD(
        model.parameters(),
        lr=case["lr"],
        momentum=options.get("momentum", 0),
        nesterov=options.get("nesterov", False),
        weight_decay=options.get("weightDecay", 0),
    )


def train(case):
    model = LeNet5(case["model"], case["in_channels"], case["num_classes"])
    initialise(model)
    optimizer = optimizer_of(case, model)
    losses, norms = [], []
    for step in range(STEPS):
        x, y = batch(step, case)
        logits = model(x)
        if case["num_classes"] == 1:
            loss = nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), y)
        else:
            loss = nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        if "clipNorm" in case:
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), case["clipNorm"]).item())
        optimizer.step()
        losses.append(loss.item())
    stride = case["stride"]
    tensors = {name: value.flatten()[::stride] for name, value in model.state_dict().items()}
    return {"losses": torch.tensor(losses), "norms": torch.tensor(norms), **tensors}


def save(path, tensors, metadata):
    header, body = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        data = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def main():
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    torch.manual_seed(0)
    tensors = {f"{name}/{key}": value for name, case in cases.items() for key, value in train(case).items()}
    save(sys.argv[2], tensors, {"torch": torch.__version__})
    print(json.dumps({"torch": torch.__version__}))


if __name__ == "__main__":
    main()
