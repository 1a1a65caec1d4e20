"""Representations that others publish, judged as `evaluate representation` judges ours.

represent.py UCR_DIR [SECONDS]

ts2vec: TS2Vec with its class' defaults (320 numbers), fitted on the training split without labels, and
logistic regression on standardised vectors. ts2vec_pca32: its vectors reduced to 32 numbers by PCA,
fitted on the training split. minirocket_ridge: aeon's MiniRocket (10,000 numbers) and a ridge
classifier with labels, as in aeon's own MiniRocketClassifier.

cpu_seconds are the process' own, user and system, to fit and to encode both splits, without the
probe. What is compiled or started at first use is so before. Sets that TS2Vec takes more than SECONDS
(600) for are named in "skipped", and left out of every mean and sum.
"""

import gzip
import json
import resource
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from aeon.transformations.collection.convolution_based import MiniRocket
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from ts2vec import TS2Vec

SEED = 1
NUMBERS = 32
POLICIES = ["ts2vec", "ts2vec_pca32", "minirocket_ridge"]


class TooSlow(Exception):
    pass


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def read(path):
    """Cases of (C, T_case), NaN where values are missing, and their labels."""
    cases, labels = [], []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    start = next(index for index, line in enumerate(lines) if line.lower() == "@data") + 1
    for line in lines[start:]:
        if not line or line[0] in "#%":
            continue
        *channels, label = line.split(":")
        values = [
            [float("nan" if cell.strip() == "?" else cell) for cell in channel.split(",")]
            for channel in channels
        ]
        length = max(map(len, values))
        case = np.full((len(values), length), np.nan)
        for row, channel in zip(case, values):
            row[: len(channel)] = channel
        cases.append(case)
        labels.append(label.strip())
    return cases, np.array(labels)


def padded(cases, length):
    """(n, T, C) with NaN after a shorter case's end, which TS2Vec takes for missing."""
    filled = np.full((len(cases), length, cases[0].shape[0]), np.nan)
    for row, case in zip(filled, cases):
        row[: min(length, case.shape[1])] = case.T[:length]
    return filled


def stretched(cases, length):
    """(n, C, T) without gaps, and drawn out to one length, as MiniRocket needs them."""
    filled = np.zeros((len(cases), cases[0].shape[0], length), dtype=np.float32)
    for rows, case in zip(filled, cases):
        for row, channel in zip(rows, case):
            known = np.flatnonzero(~np.isnan(channel))
            if known.size:
                row[:] = np.interp(np.linspace(known[0], known[-1], length), known, channel[known])
    return filled


def ts2vec(train, test, limit):
    """Channels are scaled by the training split's mean and deviation, as the authors' loader does."""
    length = max(case.shape[1] for case in train + test)
    train, test = padded(train, length), padded(test, length)
    mean, deviation = np.nanmean(train, axis=(0, 1)), np.nanstd(train, axis=(0, 1))
    deviation[deviation == 0] = 1
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    began = cpu_seconds()

    def stop_late(*_):
        if cpu_seconds() - began > limit:
            raise TooSlow

    model = TS2Vec(train.shape[2], device="cpu", after_iter_callback=stop_late)
    model.fit((train - mean) / deviation)
    return [
        model.encode((part - mean) / deviation, encoding_window="full_series")
        for part in (train, test)
    ]


def minirocket(train, test):
    length = max(9, *(case.shape[1] for case in train))
    train, test = stretched(train, length), stretched(test, length)
    transform = MiniRocket(random_state=SEED, n_jobs=1).fit(train)
    return [np.asarray(transform.transform(part)) for part in (train, test)]


def pca(train, test):
    """Of n centred cases no more than n - 1 directions vary: a scaled last one would be noise."""
    count = min(NUMBERS, len(train) - 1, train.shape[1])
    model = PCA(count, random_state=SEED).fit(train)
    return [model.transform(part) for part in (train, test)]


def timed(encode, *arguments):
    began = cpu_seconds()
    vectors = encode(*arguments)
    return vectors, cpu_seconds() - began


def accuracy(classifier, scaler, vectors, labels):
    return make_pipeline(scaler, classifier).fit(vectors[0], labels[0]).score(vectors[1], labels[1])


def probe(vectors, labels):
    return accuracy(LogisticRegression(max_iter=10_000), StandardScaler(), vectors, labels)


def ridge(vectors, labels):
    classifier = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10))
    return accuracy(classifier, StandardScaler(with_mean=False), vectors, labels)


def judge(directory, name, limit):
    """(accuracy, CPU seconds) by policy; TS2Vec's are None where it was too slow."""
    train, train_labels = read(directory / f"{name}_TRAIN.ts.gz")
    test, test_labels = read(directory / f"{name}_TEST.ts.gz")
    labels = (train_labels, test_labels)
    vectors, seconds = timed(minirocket, train, test)
    judged = dict.fromkeys(POLICIES)
    judged["minirocket_ridge"] = (ridge(vectors, labels), seconds)
    try:
        vectors, seconds = timed(ts2vec, train, test, limit)
        judged["ts2vec"] = (probe(vectors, labels), seconds)
        vectors, more = timed(pca, *vectors)
        judged["ts2vec_pca32"] = (probe(vectors, labels), seconds + more)
    except TooSlow:
        say(f"{name}: skipped, TS2Vec takes more than {limit:g} CPU seconds")
    return judged


def warm_up():
    """Libraries compile and start threads at first use: not a method's cost."""
    random = np.random.default_rng(SEED)
    for channels in (1, 2):
        cases = [random.normal(size=(channels, 16)) for _ in range(4)]
        minirocket(cases, cases)
        TS2Vec(channels, device="cpu").fit(padded(cases, 16), n_iters=2)


def say(line):
    print(line, file=sys.stderr, flush=True)


def row(name, judged):
    cells = [f"{value[0]:.3f}{value[1]:9.2f} s" if value else "-" for value in judged.values()]
    return f"{name:24}" + "".join(f"{cell:>20}" for cell in cells)


def main(directory, limit):
    suffix = "_TRAIN.ts.gz"
    names = sorted(path.name[: -len(suffix)] for path in directory.glob(f"*{suffix}"))
    if not names:
        sys.exit(f"{directory}: no NAME{suffix}")
    warm_up()
    say(f"{'probe and CPU seconds':24}" + "".join(f"{policy:>20}" for policy in POLICIES))
    sets = {}
    for name in names:
        sets[name] = judge(directory, name, limit)
        say(row(name, sets[name]))
    skipped = [name for name in names if not all(sets[name].values())]
    finished = [name for name in names if name not in skipped]
    if not finished:
        sys.exit(f"TS2Vec finished no set within {limit:g} CPU seconds")
    policies, total = {}, {}
    for policy in POLICIES:
        known = {name: sets[name][policy] for name in names if sets[name][policy]}
        mean = float(np.mean([known[name][0] for name in finished]))
        spent = sum(known[name][1] for name in finished)
        total[policy] = (mean, spent)
        policies[policy] = {
            "probe": {name: value[0] for name, value in known.items()} | {"mean": mean},
            "cpu_seconds": {name: value[1] for name, value in known.items()} | {"sum": spent},
        }
    say(row(f"mean, sum of {len(finished)} sets", total))
    result = {"dataset": directory.name, "n": len(finished), "policies": policies, "skipped": skipped}
    print(json.dumps(result, sort_keys=True))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(Path(sys.argv[1]).resolve(), float(sys.argv[2]) if len(sys.argv) > 2 else 600)
