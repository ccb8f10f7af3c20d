"""Trains the cases of CASES.json with PyTorch and writes losses, final states and evaluated logits as safetensors.

Usage: torch_fixtures.py CASES.json OUT.safetensors
Weights, images and labels come from the integer hash that packages/pipeline/src/models/testing/parity.ts uses too.
"""

import json
import struct
import sys

import numpy as np
import torch
from torch import nn

from torch_models import build

BATCH, UNSEEN = 8, 100


def hashed(salt, count):
    """Uniform numbers in [0, 1) with 24 bits: exact in float32."""
    h = (np.arange(count, dtype=np.uint64) + np.uint64(salt * 7919 + 1)) * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)
    h = (h ^ (h >> np.uint64(15))) * np.uint64(2246822519) & np.uint64(0xFFFFFFFF)
    h = (h ^ (h >> np.uint64(13))) * np.uint64(3266489917) & np.uint64(0xFFFFFFFF)
    return ((h ^ (h >> np.uint64(16))) >> np.uint64(8)).astype(np.float64) / 2**24


def initialise(model):
    with torch.no_grad():
        gains = {id(module.weight) for module in model.modules() if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm))}
        for salt, parameter in enumerate(model.parameters()):
            fan_in = parameter[0].numel() if parameter.ndim > 1 else parameter.numel()
            u = hashed(salt, parameter.numel())
            values = 0.5 + u if id(parameter) in gains else (2 * u - 1) / np.sqrt(fan_in)
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape))


def batch(step, case):
    # Eight gray levels, so that many pooling windows tie.
    side = case.get("size", 32)
    gray = np.floor(hashed(3000 + step, BATCH * side * side) * 8) / 8
    gray = torch.from_numpy(gray.astype(np.float32)).reshape(BATCH, 1, side, side)
    x = gray.repeat(1, case["in_channels"], 1, 1)
    classes = max(case["num_classes"], 2)
    y = torch.from_numpy(np.floor(hashed(2000 + step, BATCH) * classes))
    return x, y.long() if case["num_classes"] > 1 else y.float()


def groups_of(model, options, decay):
    """Parameter groups: without `decayNormAndBias`, tensors of one axis do not decay."""
    decays = [p for p in model.parameters() if p.ndim > 1 or options.get("decayNormAndBias", True)]
    kept = {id(p) for p in decays}
    rest = [p for p in model.parameters() if id(p) not in kept]
    return [{"params": decays, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def optimizer_of(case, model):
    options = case["options"]
    name = case["optimizer"]
    groups = groups_of(model, options, options.get("weightDecay", 0.01 if name == "adamw" else 0))
    if name == "sgd":
        momentum, nesterov = options.get("momentum", 0), options.get("nesterov", False)
        return torch.optim.SGD(groups, lr=case["lr"], momentum=momentum, nesterov=nesterov)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    return kind(groups, lr=case["lr"], betas=options.get("betas", (0.9, 0.999)))


def loss_of(case, logits, y):
    smoothing = case.get("labelSmoothing", 0.0)
    if case["num_classes"] > 1:
        return nn.functional.cross_entropy(logits, y, label_smoothing=smoothing)
    return nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), y * (1 - smoothing) + smoothing / 2)


def train(case):
    model = build(case["model"], case["in_channels"], case["num_classes"], case.get("architecture", {}))
    initialise(model)
    optimizer = optimizer_of(case, model)
    losses, norms = [], []
    for step in range(case.get("steps", 20)):
        x, y = batch(step, case)
        loss = loss_of(case, model(x), y)
        optimizer.zero_grad()
        loss.backward()
        if "clipValue" in case:
            nn.utils.clip_grad_value_(model.parameters(), case["clipValue"])
        if "clipNorm" in case:
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), case["clipNorm"]).item())
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        evaluated = model(batch(UNSEEN, case)[0]).flatten()
    stride = case["stride"]
    tensors = {name: value.flatten()[::stride] for name, value in model.state_dict().items()}
    return {"losses": torch.tensor(losses), "norms": torch.tensor(norms), "evaluated": evaluated, **tensors}


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
