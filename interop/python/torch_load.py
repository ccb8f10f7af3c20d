"""Loads weights and an ONNX file that spatter wrote, and prints the logits that PyTorch and ONNX Runtime give.

Usage: torch_load.py VARIANT WEIGHTS.safetensors MODEL.onnx IMAGES.f32 ARCHITECTURE.json-text
The images are raw little-endian float32, [N, 1, 32, 32]. The weights are of a model with 3 channels and 1 logit.
"""

import json
import sys

import numpy as np
import onnxruntime
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from torch_models import build


def main():
    variant, weights, onnx_file, images, architecture = sys.argv[1:]
    tensors = load_file(weights)
    model = build(variant, 3, 1, json.loads(architecture))
    model.load_state_dict({name: t for name, t in tensors.items() if not name.startswith("optimizer.")}, strict=True)
    torch.save(model.state_dict(), weights + ".pth")
    model.eval()
    gray = np.fromfile(images, "<f4").reshape(-1, 1, 32, 32)
    with torch.no_grad():
        logits = model(torch.from_numpy(gray).repeat(1, 3, 1, 1)).flatten()
    session = onnxruntime.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    outputs = session.run(["logits", "probability"], {"input": gray})
    with safe_open(weights, "pt") as file:
        metadata = file.metadata()
    print(
        json.dumps(
            {
                "torch": logits.tolist(),
                "probability": torch.sigmoid(logits).tolist(),
                "onnx": outputs[0].flatten().tolist(),
                "onnx_probability": outputs[1].flatten().tolist(),
                "step": int(tensors["optimizer.step"]),
                "metadata": metadata,
                "model_metadata": session.get_modelmeta().custom_metadata_map,
            }
        )
    )


main()
