"""Gradient boosting beside `evaluate success --format philly`: succeed.py JOBS.csv SPLIT_SECONDS

LightGBM with its defaults on the attributes of a job that are known when it is submitted: virtual
cluster, user, GPUs, machines, hour and weekday. It is fitted anew every day on all jobs that had ended
by then, and foretells those that are submitted on that day, from SPLIT_SECONDS after the first one on.
`lightgbm_history` knows, beside these, how often its user's and its virtual cluster's jobs succeeded so
far, and how many had ended. One JSON line on stdout.
"""

import csv
import datetime
import json
import sys

import lightgbm
import numpy as np

DAY = 86_400.0


def jobs(path):
    def seconds(text):
        return datetime.datetime.fromisoformat(text + "+00:00").timestamp()

    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["end"]]
    found = [
        (seconds(r["submitted"]), seconds(r["end"]), r["vc"], r["user"], int(r["n_gpus"]),
         int(r["n_machines"]), r["status"] == "Pass")
        for r in rows
    ]
    origin = min(job[0] for job in found)
    return sorted((job[0] - origin, job[1] - origin) + job[2:] for job in found)


def features(all_jobs, with_history):
    names = {}
    number = lambda kind, name: names.setdefault((kind, name), len(names))
    ends = sorted(all_jobs, key=lambda job: job[1])
    counts, next_end, table = {}, 0, []
    for start, _, cluster, user, gpus, machines, _ in all_jobs:
        while next_end < len(ends) and ends[next_end][1] < start:
            job = ends[next_end]
            for key in ((job[2],), (job[2], job[3])):
                won, of = counts.get(key, (0, 0))
                counts[key] = (won + job[6], of + 1)
            next_end += 1
        row = [number("vc", cluster), number("user", user), gpus, machines,
               start / 3600 % 24, start // DAY % 7]
        if with_history:
            for key in ((cluster,), (cluster, user)):
                won, of = counts.get(key, (0, 0))
                row += [(won + 1) / (of + 2), of]
        table.append(row)
    return np.array(table, dtype=float)


def foretold(all_jobs, split, with_history):
    table = features(all_jobs, with_history)
    starts, ends = (np.array([job[i] for job in all_jobs]) for i in (0, 1))
    passed = np.array([job[6] for job in all_jobs])
    rates = np.full(len(all_jobs), np.nan)
    for day in np.arange(split, starts.max() + DAY, DAY):
        known, due = ends < day, (starts >= day) & (starts < day + DAY)
        if not due.any():
            continue
        model = lightgbm.LGBMClassifier(verbose=-1, n_jobs=1, random_state=1)
        model.fit(table[known], passed[known], categorical_feature=[0, 1])
        rates[due] = model.predict_proba(table[due])[:, 1]
    scored = ~np.isnan(rates)
    return np.clip(rates[scored], 1e-4, 1 - 1e-4), passed[scored]


def scores(rates, passed):
    order = np.argsort(rates, kind="stable")
    _, place, ties = np.unique(rates, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    won, lost = passed.sum(), (~passed).sum()
    return {
        "n": len(order),
        "auc": float((ranks[passed].sum() - won * (won + 1) / 2) / (won * lost)),
        "log_loss": float(-np.where(passed, np.log(rates), np.log1p(-rates)).mean()),
    }


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    all_jobs, split = jobs(sys.argv[1]), float(sys.argv[2])
    print(json.dumps({
        name: scores(*foretold(all_jobs, split, with_history))
        for name, with_history in (("lightgbm", False), ("lightgbm_history", True))
    }, sort_keys=True))


if __name__ == "__main__":
    main()
