"""Packs series exactly and by `evaluate packing`, knowing their hours."""

import gzip
import json
import math
import subprocess
import sys
import tempfile
import time

import numpy as np
from ortools.sat.python import cp_model

HOURS = 7 * 24
SECONDS_MAX = 300


def read(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as file:
        next(file)
        rows = [[float(cell or 0) for cell in line.rstrip("\n").split(",")] for line in file]
    return np.array(rows).T


def hourly(series):
    """The hour's maximum over the last seven days of five-minute slots, in whole tenths."""
    week = series[:, -HOURS * 12:]
    return np.ceil(week.reshape(len(series), HOURS, 12).max(axis=2) * 10).astype(int)


def heuristic(evaluate, loads, capacity):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(",".join(f"s{i}" for i in range(len(loads))) + "\n")
        for _ in range(2):
            for hour in loads.T:
                file.write(",".join(str(value) for value in hour) + "\n")
        file.flush()
        answer = subprocess.run(
            [evaluate, "packing", "--utilisation", file.name, "--layout", "columns", "--scale", "0.1",
             "--slots-per-day", "24", "--train-days", "7", "--test-days", "7",
             "--capacity", str(capacity / 10)],
            check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1])["policies"]


def optimum(loads, capacity, most):
    """The fewest bins in which no hour exceeds the capacity; found and proven by CP-SAT."""
    bound = max(1, math.ceil(loads.sum(axis=0).max() / capacity))
    for bins in range(bound, most + 1):
        model = cp_model.CpModel()
        inside = [[model.new_bool_var("") for _ in range(bins)] for _ in loads]
        for row in inside:
            model.add_exactly_one(row)
        for b in range(bins):
            for hour in range(HOURS):
                model.add(sum(int(loads[i, hour]) * inside[i][b] for i in range(len(loads))) <= capacity)
        # The largest come first: bins are alike.
        order = np.argsort(-loads.max(axis=1))
        for place, i in enumerate(order[:bins]):
            for b in range(place + 1, bins):
                model.add(inside[i][b] == 0)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = SECONDS_MAX
        solver.parameters.num_workers = 2
        status = solver.solve(model)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return bins, bins == bound or status == cp_model.OPTIMAL
        if status != cp_model.INFEASIBLE:
            return bins, False
    return most, False


def main():
    evaluate, path, capacity = sys.argv[1], sys.argv[2], round(float(sys.argv[3]) * 10)
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 200
    loads = hourly(read(path)[:count])
    policies = heuristic(evaluate, loads, capacity)
    ours = policies["oracle"]["workers"]
    began = time.monotonic()
    bins, is_proven = optimum(loads, capacity, ours)
    print(json.dumps({
        "series": len(loads), "bound": math.ceil(loads.sum(axis=0).max() / capacity),
        "ours": ours, "cp_sat": bins, "proven": is_proven,
        "sum_of_peaks": policies["sum_of_peaks"]["workers"],
        "gap": round(ours / bins - 1, 4), "cp_sat_seconds": round(time.monotonic() - began, 1)}))


main()
