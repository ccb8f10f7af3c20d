"""onnxruntime's side of the inference bench: see bench/peer.ts.

Usage: infer_onnxruntime.py FILE BATCH THREADS RUNS
"""

import json
import resource
import sys
import time

BEGUN = time.perf_counter()

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402


def main():
    file = sys.argv[1]
    batch, threads, runs = map(int, sys.argv[2:])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    pixels = (np.arange(batch * 1024) * 7919 % 256 / 255).astype(np.float32)
    feeds = {"input": pixels.reshape(batch, 1, 32, 32)}
    session.run(None, feeds)
    first = time.perf_counter() - BEGUN
    greeting = {"version": onnxruntime.__version__, "first_step_s": first}
    print(json.dumps(greeting), flush=True)
    for word in sys.stdin:
        if word.strip() == "memory":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
            continue
        start = time.perf_counter()
        for _ in range(runs):
            session.run(None, feeds)
        print((time.perf_counter() - start) / runs * 1000, flush=True)


main()
