"""PyTorch's side of the training benches: see bench/peer.ts.

Usage: train_torch.py WORK THREADS STEPS CHANNELS HEIGHT WIDTH BATCH
"""

import json
import resource
import sys
import time

BEGUN = time.perf_counter()

import torch  # noqa: E402
from torch import nn  # noqa: E402


def lenet5():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 1),
    )  # fmt: skip


def from_torchvision(name, **options):
    import torchvision

    return getattr(torchvision.models, name)(num_classes=2, **options)


def vit_tiny():
    import torchvision

    return torchvision.models.VisionTransformer(64, 8, 12, 3, 192, 768, num_classes=2)


MODELS = {
    "train-lenet5": lenet5,
    "train-resnet18": lambda: from_torchvision("resnet18"),
    "train-efficientnet-b0": lambda: from_torchvision("efficientnet_b0"),
    "train-vit-tiny": vit_tiny,
}


def main():
    work = sys.argv[1]
    threads, steps, channels, height, width, batch = map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = MODELS[work]().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = (torch.arange(batch * channels * height * width) * 7919 % 256 / 255).reshape(
        batch, channels, height, width
    )
    y = torch.arange(batch) % 2
    if work == "train-lenet5":
        # Its published form repeats the gray plane, and has one logit.
        x = x.repeat(1, 3, 1, 1)

    def train():
        logits = model(x)
        if logits.shape[1] == 1:
            loss = nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), y.float())
        else:
            loss = nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    train()
    greeting = {"version": torch.__version__, "first_step_s": time.perf_counter() - BEGUN}
    print(json.dumps(greeting), flush=True)
    for word in sys.stdin:
        if word.strip() == "memory":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
            continue
        start = time.perf_counter()
        for _ in range(steps):
            train()
        print((time.perf_counter() - start) / steps * 1000, flush=True)


main()
