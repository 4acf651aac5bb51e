"""Backtest of `tidemark forecast` through the command line, called by accuracy.py.

Every series goes in as an hourly range-query answer of one counter, cut at an origin; what comes behind is the truth.
Series: ServeGen's weeks (datasets/, ten-minute windows joined to hours, from every midnight behind the first week) and seeded
synthetic ones (day and week, growth by share or amount, weekends, holidays, new levels, gaps, noise with memory). Peers: the seasonal
naive forecast, and AutoETS where statsforecast is installed."""
import csv, gzip, json, math, os, random, subprocess, tempfile

START = 1773014400  # 2026-03-09T00:00:00Z, a Monday
HORIZON = 168


def servegen(shared, name):
    with gzip.open(os.path.join(shared, "datasets", f"servegen_rate_language_{name}.csv.gz"), "rt") as file:
        rates = [float(row["total_rate_rps"]) for row in csv.DictReader(file)]
    hours = []
    for at in range(0, len(rates), 6):
        # Windows of nothing are gaps of the collection there.
        known = [r for r in rates[at:at + 6] if r > 0]
        hours.append(sum(known) / len(known) if len(known) >= 3 else None)
    return hours


def synthetic(seed):
    """A history of two to eight weeks and the week behind it."""
    r = random.Random(seed)
    weeks = r.choice([2, 3, 4, 8, 8])
    n = weeks * 168 + HORIZON
    base, growth, linear = math.exp(r.uniform(math.log(0.5), math.log(200))), r.choice([0, r.uniform(-0.004, 0.02)]), r.random() < 0.4
    wave, second, phase, other = r.uniform(0.1, 0.6), r.uniform(0, 0.2), r.uniform(0, 24), r.uniform(0, 24)
    weekend, noise, memory = r.choice([1, r.uniform(0.5, 0.95)]), r.uniform(0.02, 0.12), r.choice([0, 0.5, 0.75, 0.9])
    wander = r.uniform(0.002, 0.015) if r.random() < 0.3 else 0
    step = (r.randrange(n // 4, n - HORIZON - 48), r.choice([0.6, 0.75, 1.35, 1.7])) if r.random() < 0.25 else (n, 1)
    holidays = {r.randrange(0, weeks * 7): r.uniform(0.3, 0.7) for _ in range(r.choice([0, 0, 0, 1, 1, 2]))}
    values, deviation, level = [], r.gauss(0, 1), 0.0
    for hour in range(n):
        days = hour / 24
        mean = base * max(0.1, 1 + growth * days if linear else math.exp(growth * days))
        mean *= math.exp(wave * math.cos((hour - phase) * math.pi / 12) + second * math.cos((hour - other) * math.pi / 6))
        mean *= weekend if hour // 24 % 7 >= 5 else 1
        mean *= step[1] if hour >= step[0] else 1
        mean *= holidays.get(hour // 24, 1)
        level += r.gauss(0, wander) if wander else 0
        deviation = memory * deviation + r.gauss(0, math.sqrt(1 - memory ** 2))
        values.append(mean * math.exp(noise * deviation + level))
    history = values[:-HORIZON]
    for _ in range(r.choice([0, 0, 1, 1, 2])):
        at = r.randrange(0, len(history))
        for hour in range(at, min(len(history), at + r.randrange(2, 30))):
            history[hour] = None
    return history, values[-HORIZON:]


def ask(tidemark, history):
    """The forecast of a history of hourly rates, None where missing."""
    with tempfile.TemporaryDirectory() as folder:
        # Samples every half hour; without that in the middle an hour was not observed.
        total, points = 0.0, [[START, "0"]]
        for hour, rate in enumerate(history):
            if rate is not None:
                points.append([START + hour * 3600 + 1800, str(round(total + rate * 1800))])
            total += (rate or 0) * 3600
            points.append([START + (hour + 1) * 3600, str(round(total))])
        answer = {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {
            "__name__": "vllm:request_success_total", "instance": "a:8000", "job": "vllm"}, "values": points}]}}
        os.makedirs(os.path.join(folder, "in"))
        json.dump(answer, open(os.path.join(folder, "in", "requests.json"), "w"))
        db = os.path.join(folder, "db.sqlite")
        subprocess.run([tidemark, "ingest", os.path.join(folder, "in"), "--db", db, "--quiet"], check=True, capture_output=True)
        run = subprocess.run([tidemark, "forecast", "--db", db, "--format", "json"], check=True, capture_output=True)
        return json.loads(run.stdout)["forecast"]


def mean_error(forecast, truth):
    pairs = [(f, t) for f, t in zip(forecast, truth) if t is not None and f is not None]
    return sum(abs(f - t) for f, t in pairs) / len(pairs) if pairs else None


def scale(history, season):
    return mean_error(history[:-season], history[season:])


def naive(history, season):
    found = []
    for step in range(HORIZON):
        at = len(history) - season + step % season
        while at >= 0 and history[at] is None:
            at -= season
        found.append(history[at] if at >= 0 else None)
    return found


def auto_ets():
    try:
        import numpy
        from statsforecast.models import AutoETS
    except ImportError:
        return None
    def forecast(history):
        known = [i for i, v in enumerate(history) if v is not None]
        filled = numpy.interp(range(len(history)), known, [history[i] for i in known])
        answer = AutoETS(season_length=24).forecast(y=filled, h=HORIZON, level=[90])
        return list(answer["mean"]), list(answer["lo-90"]), list(answer["hi-90"])
    return forecast


def inside(low, high, truth):
    known = [(l, h, t) for l, h, t in zip(low, high, truth) if t is not None]
    return sum(l <= t <= h for l, h, t in known) / len(known)


def report(tidemark, shared, pool, count=60):
    print("\n== forecast: seven days of hours, MASE and share inside the 90 % interval")
    cases = []
    for name in ("m-large", "m-mid", "m-small"):
        series = servegen(shared, name)
        cases += [(f"ServeGen {name}", series[:at], series[at:at + HORIZON]) for at in range(168, len(series), 24)]
    for seed in range(count):
        history, truth = synthetic(seed)
        cases.append((f"synthetic, {len(history) // 168} weeks", history, truth))
    answers = list(pool.map(lambda case: ask(tidemark, case[1]), cases))
    peer = auto_ets()
    rows = {}
    for (name, history, truth), answer in zip(cases, answers):
        season = 168 if len(history) >= 336 else 24
        unit = scale(history, season)
        row = [mean_error(answer["rps"], truth) / unit, inside(answer["low"], answer["high"], truth),
               mean_error(naive(history, season), truth) / unit]
        if peer:
            mean, low, high = peer(history)
            row += [mean_error(mean, truth) / unit, inside(low, high, truth)]
        for group in (name, name.split()[0].strip(",") + ", all"):
            rows.setdefault(group, []).append(row)
    for name in sorted(rows):
        means = [sum(column) / len(column) for column in zip(*rows[name])]
        medians = [sorted(column)[len(column) // 2] for column in zip(*rows[name])]
        text = f"{name:22s} n = {len(rows[name]):3d}  MASE {means[0]:.3f} (median {medians[0]:.3f}), inside {100 * means[1]:.0f} %; seasonal naive {means[2]:.3f}"
        if peer:
            text += f"; AutoETS {means[3]:.3f} (median {medians[3]:.3f}), inside {100 * means[4]:.0f} %"
        print(text)
    if not peer:
        print("AutoETS: not measured, statsforecast is not installed for this python3")
