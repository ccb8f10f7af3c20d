"""onnxruntime's side of the inference bench: see bench/peer.ts.

Usage: infer_onnxruntime.py FILE BATCH THREADS RUNS [bound]

With "bound", input and outputs stay in ONNX Runtime: what its run takes alone.
"""

import functools
import json
import resource
import sys
import time

BEGUN = time.perf_counter()

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402


def main():
    file = sys.argv[1]
    batch, threads, runs = map(int, sys.argv[2:5])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    pixels = (np.arange(batch * 1024) * 7919 % 256 / 255).astype(np.float32)
    feeds = {"input": pixels.reshape(batch, 1, 32, 32)}
    if sys.argv[5:] == ["bound"]:
        binding = session.io_binding()
        binding.bind_cpu_input("input", feeds["input"])
        for output in session.get_outputs():
            binding.bind_output(output.name)
        run = functools.partial(session.run_with_iobinding, binding)
    else:
        run = functools.partial(session.run, None, feeds)
    run()
    first = time.perf_counter() - BEGUN
    greeting = {"version": onnxruntime.__version__, "first_step_s": first}
    print(json.dumps(greeting), flush=True)
    for word in sys.stdin:
        if word.strip() == "memory":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
            continue
        start = time.perf_counter()
        for _ in range(runs):
            run()
        print((time.perf_counter() - start) / runs * 1000, flush=True)


main()
