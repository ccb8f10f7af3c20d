"""scikit-learn's 1,797 scanned digits as IDX files, and the LeNet5 of packages/pipeline/src/models trained on them by PyTorch.

Usage: digits.py write FOLDER            needs scikit-learn
       digits.py train FOLDER EPOCHS SEED...   needs PyTorch; prints the test accuracy of each seed
"""

import json
import os
import struct
import sys

import numpy as np

# The last images test; scikit-learn keeps the order of the files, in which digits of one writer lie together.
TEST = 500
SCALE = 3
SIDE = 32


def idx(path, values):
    values = np.ascontiguousarray(values, dtype=np.uint8)
    with open(path, "wb") as file:
        file.write(struct.pack(">HBB", 0, 8, values.ndim))
        file.write(struct.pack(">" + "I" * values.ndim, *values.shape))
        file.write(values.tobytes())


def write(folder):
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.kron(np.round(digits.images * 255 / 16), np.ones((1, SCALE, SCALE)))
    for name, part in (("train", slice(None, -TEST)), ("t10k", slice(-TEST, None))):
        idx(os.path.join(folder, f"{name}-images-idx3-ubyte"), images[part])
        idx(os.path.join(folder, f"{name}-labels-idx1-ubyte"), digits.target[part])
    return {"train": len(images) - TEST, "test": TEST}


def read(folder, name):
    with open(os.path.join(folder, f"{name}-images-idx3-ubyte"), "rb") as file:
        _, count, height, width = struct.unpack(">IIII", file.read(16))
        images = np.frombuffer(file.read(), np.uint8).reshape(count, height, width)
    with open(os.path.join(folder, f"{name}-labels-idx1-ubyte"), "rb") as file:
        labels = np.frombuffer(file.read()[8:], np.uint8)
    edge = (SIDE - height) // 2
    padded = np.pad(images, ((0, 0), (edge, edge), (edge, edge)))
    return padded[:, None].astype(np.float32) / 255, labels.astype(np.int64)


def validation(labels, generator):
    """A tenth of each class, at random."""
    import torch

    chosen = []
    for k in range(10):
        rows = np.flatnonzero(labels == k)
        chosen += list(rows[torch.randperm(len(rows), generator=generator).numpy()[: round(len(rows) / 10)]])
    return np.isin(np.arange(len(labels)), chosen)


def train(folder, epochs, seed):
    """As `data=idx` sets it: batches of 64, Adam, weight decay 1e-4, one cycle up to 3e-3, the best epoch on validation."""
    import torch
    from torch.nn.functional import cross_entropy

    from torch_models import LeNet5

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    images, labels = read(folder, "train")
    held = validation(labels, torch.Generator().manual_seed(42))
    x, y = torch.from_numpy(images[~held]), torch.from_numpy(labels[~held])
    validate = torch.from_numpy(images[held]), torch.from_numpy(labels[held])
    test = [torch.from_numpy(each) for each in read(folder, "t10k")]
    model = LeNet5("lenet5", 1, 10)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
    steps = epochs * -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, cycle_momentum=False)

    def accuracy(part):
        with torch.no_grad():
            return (model(part[0]).argmax(1) == part[1]).float().mean().item()

    best = (-1.0, 0.0)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
        best = max(best, (accuracy(validate), accuracy(test)), key=lambda pair: pair[0])
    return best[1]


def main():
    command, folder, *rest = sys.argv[1:]
    if command == "write":
        print(json.dumps(write(folder)))
    else:
        print(json.dumps([train(folder, int(rest[0]), int(seed)) for seed in rest[1:]]))


main()
