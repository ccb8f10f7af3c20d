"""PyTorch's side of the training benches: see bench/peer.ts.

Usage: train_torch.py '{"work": "train-lenet5", "device": "cpu", "precision": "fp32", "shape": [1, 32, 32], …}'
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


COMPARED = 2


def first_weights(path, prefix):
    """Tensors of a safetensors file whose names begin with `prefix`, without it."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or not name.startswith(prefix) or name.startswith("optimizer."):
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]])
        tensors[name[len(prefix) :]] = flat.reshape(entry["shape"])
    return tensors


def main():
    options = json.loads(sys.argv[1])
    work, device, batch = options["work"], options["device"], options["batch"]
    channels, height, width = options["shape"]
    is_half = options["precision"] == "fp16"
    torch.set_num_threads(options["threads"])
    torch.manual_seed(0)
    model = MODELS[work]().train()
    if options["prefix"] is not None:
        model.load_state_dict(first_weights(options["weights"], options["prefix"]), strict=True)
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler(device, enabled=is_half)
    x = (torch.arange(batch * channels * height * width) * 7919 % 256 / 255).reshape(
        batch, channels, height, width
    )
    y = torch.arange(batch) % 2
    if device == "cuda":
        x, y = x.pin_memory(), y.pin_memory()

    def train():
        # Every step brings its batch to the device, as a training does.
        images, labels = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        if work == "train-lenet5":
            # Its published form repeats the gray plane, and has one logit.
            images = images.expand(-1, 3, -1, -1).contiguous()
        with torch.autocast(device, dtype=torch.float16, enabled=is_half):
            logits = model(images)
        logits = logits.float()
        if logits.shape[1] == 1:
            loss = nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), labels.float())
        else:
            loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.item()

    losses = [train()]
    first_step_s = time.perf_counter() - BEGUN
    while len(losses) < COMPARED:
        losses.append(train())
    version = torch.__version__
    if device == "cuda":
        version += f" on {torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    print(json.dumps({"version": version, "first_step_s": first_step_s, "losses": losses}), flush=True)
    for word in sys.stdin:
        if word.strip() == "memory":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
            continue
        start = time.perf_counter()
        for _ in range(options["steps"]):
            train()
        print((time.perf_counter() - start) / options["steps"] * 1000, flush=True)


main()
