"""PyTorch's side of `bench train-lenet5`: for every line on standard input runs some steps and prints ms per step.

Usage: train_lenet5.py BATCH THREADS STEPS
"""

import sys
import time

import torch
from torch import nn


def main():
    batch, threads, steps = map(int, sys.argv[1:])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 1),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = nn.BCEWithLogitsLoss()
    x = (torch.arange(batch * 1024) * 7919 % 256 / 255).reshape(batch, 1, 32, 32).repeat(1, 3, 1, 1)
    y = (torch.arange(batch) % 2).float()
    print(torch.__version__, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(steps):
            loss = loss_of(model(x).squeeze(1), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
        print((time.perf_counter() - start) / steps * 1000, flush=True)


main()
