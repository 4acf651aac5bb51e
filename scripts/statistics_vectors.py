#!/usr/bin/env python3
"""Makes fixtures/statistics/*.json: inputs and reference answers for TidemarkStatisticsTests, all seeded.

  python3 scripts/statistics_vectors.py [FAMILY…]

Needs numpy==2.2.0 scipy==1.16.3 statsmodels==0.15.0 scikit-learn==1.9.1 ruptures==1.1.10 pymannkendall==1.4.3
utilsforecast==0.2.17 from pip. Every value is a list of
numbers under a flat name; the tests read nothing else.
"""
import json
import os
import sys

import numpy as np
from scipy import interpolate, special, stats

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "statistics")
X = [12.1, 11.8, 12.6, 13.0, 12.2, 11.9, 12.4, 12.8, 12.0, 12.3]
Y = [12.9, 13.4, 12.7, 13.8, 13.1, 12.5, 14.0, 13.3, 12.8, 13.6]
S = X + Y


def quantiles():
    random = np.random.default_rng(1)
    skewed = np.round(random.lognormal(1, 1, 60), 6)
    big = np.round(random.normal(5, 2, 400), 4)
    p = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1]
    inner = p[1:-1]
    out = {"s": S, "skewed": skewed, "big": big, "p": p, "inner": inner}
    for name, values in (("s", S), ("skewed", skewed), ("big", big)):
        out[name + ".linear"] = np.quantile(values, p)
        out[name + ".harrell_davis"] = stats.mstats.hdquantiles(values, inner)
        out[name + ".mad"] = stats.median_abs_deviation(values)
    intervals = []
    for q in (0.5, 0.9, 0.95):
        test = stats.quantile_test(big, q=0, p=q).confidence_interval(0.95)
        intervals += [q, test.low, test.high]
    out["big.intervals"] = intervals
    # Classic histograms: bounds, cumulative counts and PCHIP of ln(bound) where every bucket has observations.
    bounds = np.array([0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5])
    values = random.lognormal(-1.5, 0.8, 5000)
    counts = np.array([(values <= b).sum() for b in bounds])
    share = counts / len(values)
    kept = np.concatenate([[True], np.diff(share) > 0])
    curve = interpolate.PchipInterpolator(share[kept], np.log(bounds[kept]))
    at = [0.05, 0.1, 0.5, 0.9, 0.95, 0.99]
    out |= {"histogram.bounds": bounds, "histogram.counts": counts, "histogram.total": len(values), "histogram.p": at,
            "histogram.refined": np.exp(curve(at)), "histogram.true": np.quantile(values, at, method="inverted_cdf")}
    knots = np.cumsum(random.uniform(0.1, 1, 8))
    heights = np.array([0, 1, 1.2, 0.7, 0.7, 2, 5, 5.1])
    places = np.linspace(knots[0], knots[-1], 23)
    out |= {"pchip.x": knots, "pchip.y": heights, "pchip.at": places,
            "pchip.value": interpolate.PchipInterpolator(knots, heights)(places)}
    return out


def distributions():
    z = [-37, -8, -2.5, -0.1, 0, 0.3, 1.96, 6, 12]
    p = [1e-300, 1e-20, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.7, 0.975, 0.999, 1 - 1e-9]
    out = {"z": z, "normal.cdf": stats.norm.cdf(z), "normal.sf": stats.norm.sf(z), "p": p, "normal.ppf": stats.norm.ppf(p)}
    rows = lambda function, arguments: [v for a in arguments for v in (*a, function(*a))]
    gammas = [(0.5, 0.1), (1, 3), (2.5, 2.5), (10, 3), (10, 30), (300, 280), (3000, 3100), (1e5, 1.002e5), (0.01, 1e-5)]
    out["gammainc"] = rows(special.gammainc, gammas)
    out["gammaincc"] = rows(special.gammaincc, gammas)
    out["betainc"] = rows(lambda x, a, b: special.betainc(a, b, x), [
        (0.5, 0.5, 0.5), (0.1, 2, 5), (0.9, 2, 5), (0.01, 40, 0.5), (0.99, 800, 9), (0.3, 300, 690), (0.5, 1e5, 1.003e5),
        (1e-8, 0.5, 3)])
    out["t.two_sided"] = rows(lambda t, v: 2 * stats.t.sf(t, v), [
        (0.1, 1), (2, 3.5), (4.5, 17.11), (10, 100), (1.96, 1e6), (30, 12), (1e-9, 5), (40, 2)])
    out["t.ppf"] = rows(stats.t.ppf, [(0.975, 1), (0.975, 17.11), (0.0005, 4), (0.9, 250), (0.6, 0.7), (0.99999, 3)])
    out["chi2.ppf"] = rows(stats.chi2.ppf, [
        (0.025, 2), (0.975, 2), (0.999, 8), (0.5, 1), (1e-6, 5), (0.999999, 40), (0.95, 1e5), (0.025, 0.3), (0.99, 1e8)])
    out["binomial.cdf"] = rows(stats.binom.cdf, [(3, 20, 0.1), (0, 5, 0.5), (298, 299, 0.99), (480, 1000, 0.5), (10, 100000, 2e-4)])
    out["binomial.ppf"] = rows(stats.binom.ppf, [(0.025, 20, 0.5), (0.975, 1000, 0.99), (0.95, 299, 0.99), (0.5, 7, 0.2)])
    out["poisson.at_least"] = rows(lambda k, m: stats.poisson.sf(k - 1, m), [(1, 0.01), (5, 0.2), (20, 12.5), (1100, 1000), (60, 3)])
    out["poisson.at_most"] = rows(stats.poisson.cdf, [(0, 3), (5, 20), (950, 1000)])
    out["poisson.interval"] = [v for k in (0, 1, 7, 100, 25000) for v in (
        k, 0 if k == 0 else stats.chi2.ppf(0.025, 2 * k) / 2, stats.chi2.ppf(0.975, 2 * k + 2) / 2)]
    from statsmodels.stats.proportion import proportion_confint
    out["wilson"] = [v for k, n in ((3, 20), (0, 10), (10, 10), (999, 1000)) for v in (
        k, n, *proportion_confint(k, n, method="wilson"))]
    return out


def comparison():
    random = np.random.default_rng(2)
    a = np.round(random.normal(10, 2, 43), 1)
    b = np.round(random.normal(11, 3, 57), 1)
    out = {"x": X, "y": Y, "a": a, "b": b}
    for name, (one, two) in {"xy": (X, Y), "ab": (a, b), "ba": (b, a)}.items():
        u = stats.mannwhitneyu(one, two, method="asymptotic")
        t = stats.ttest_ind(one, two, equal_var=False)
        ks = stats.ks_2samp(one, two, method="exact")
        out[name + ".mann_whitney"] = [u.statistic, u.pvalue]
        out[name + ".hodges_lehmann"] = np.median(np.subtract.outer(one, two))
        out[name + ".welch"] = [t.statistic, t.df, t.pvalue]
        out[name + ".ks"] = [ks.statistic, ks.pvalue]
    p = np.round(random.uniform(0, 1, 30) ** 3, 6)
    out |= {"p": p, "p.bh": stats.false_discovery_control(p), "p.by": stats.false_discovery_control(p, method="by")}
    out["ab.wasserstein"] = stats.wasserstein_distance(a, b)
    return out | robust()


def robust():
    """Biweight regression of weighted rows in two series of 60, a tenth of them wild; its sandwich by the formula."""
    import statsmodels.api as sm
    random = np.random.default_rng(12)
    n, lag = 120, 5
    design = np.round(np.column_stack([np.ones(n), np.repeat([0, 1], n // 2), random.uniform(50, 90, n)]), 4)
    weights = np.round(random.uniform(0.5, 4, n), 3)
    noise = np.convolve(random.normal(0, 0.4, n + 3), [0.5, 0.3, 0.2, 0.1], "valid") / np.sqrt(weights)
    target = design @ [40, -1.5, -0.2] + noise
    target[20:32] -= 12
    target = np.round(target, 5)
    root = np.sqrt(weights)
    rows, values = design * root[:, None], target * root
    fit = sm.RLM(values, rows, M=sm.robust.norms.TukeyBiweight()).fit(maxiter=500, tol=1e-12)
    params = fit.params
    errors = values - rows @ params
    scale = np.median(np.abs(errors)) / 0.674489750196082
    t2 = (errors / scale / 4.685) ** 2
    factors = np.where(t2 < 1, (1 - t2) ** 2, 0)
    slopes = np.where(t2 < 1, (1 - t2) * (1 - 5 * t2), 0)
    bread = np.linalg.inv((rows * slopes[:, None]).T @ rows)
    hat = np.linalg.inv((rows * factors[:, None]).T @ rows)
    leverage = np.einsum("ij,jk,ik->i", rows, hat, rows)
    scores = rows * (factors * errors / np.maximum(0.2, 1 - leverage * factors))[:, None]
    middle = np.zeros((3, 3))
    for part in (scores[:n // 2], scores[n // 2:]):
        middle += part.T @ part
        for k in range(1, lag + 1):
            cross = part[k:].T @ part[:-k]
            middle += (1 - k / (lag + 1)) * (cross + cross.T)
    return {"robust.x": design.ravel(), "robust.y": target, "robust.weights": weights, "robust.params": params,
            "robust.scale": fit.scale, "robust.se": np.sqrt(np.diag(bread @ middle @ bread))}


def regression():
    import statsmodels.api as sm
    from scipy import optimize
    random = np.random.default_rng(3)
    n = 60
    noise = np.zeros(n)
    for i in range(1, n):
        noise[i] = 0.6 * noise[i - 1] + random.normal(0, 0.5)
    design = np.round(np.column_stack([np.ones(n), random.uniform(0, 10, n), random.normal(100, 20, n)]), 4)
    target = np.round(design @ [3, 1.5, -0.2] + noise, 5)
    fit = sm.OLS(target, design).fit()
    hac = sm.OLS(target, design).fit(cov_type="HAC", cov_kwds={"maxlags": 6})
    out = {"ols.x": design.ravel(), "ols.y": target, "ols.params": fit.params, "ols.bse": fit.bse, "ols.p": fit.pvalues,
           "ols.scale": fit.mse_resid, "ols.hac": hac.bse,
           "ols.cond": np.linalg.cond(design / np.linalg.norm(design, axis=0))}
    # Step costs: intercept, prompt tokens, sequences, a column that cannot help; relative errors and wild rows.
    steps = np.round(np.column_stack([
        np.ones(80), random.uniform(0, 2000, 80), random.uniform(1, 60, 80), random.uniform(0, 1, 80)]), 3)
    cost = np.round((steps[:, :3] @ [6.4, 0.022, 0.08]) * random.lognormal(0, 0.05, 80), 4)
    cost[::11] *= 3
    rows = steps / cost[:, None]
    out |= {"nnls.x": steps.ravel(), "nnls.y": cost}
    out["nnls.absolute"] = np.concatenate([(r := optimize.nnls(steps, cost))[0], [r[1]]])
    out["nnls.relative"] = np.concatenate([(r := optimize.nnls(rows, np.ones(80)))[0], [r[1]]])
    robust = sm.RLM(np.ones(80), rows[:, :3], M=sm.robust.norms.HuberT(1.345)).fit(tol=1e-12, maxiter=500)
    out |= {"rlm.params": robust.params, "rlm.scale": robust.scale}
    hard = []
    for _ in range(12):
        a = np.round(random.normal(0, 1, (8, 5)), 3)
        b = np.round(random.normal(0, 1, 8), 3)
        x, norm = optimize.nnls(a, b)
        hard += [*a.ravel(), *b, *x, norm]
    out["nnls.hard"] = hard
    x = np.round(np.arange(40) + random.uniform(-0.3, 0.3, 40), 2)
    y = np.round(0.3 * x + random.standard_t(2, 40), 1)
    for name, (a, b) in {"theil.y": (np.arange(10), Y), "theil.wild": (x, y)}.items():
        slope = stats.theilslopes(b, a, 0.95)
        out |= {name + ".x": a, name + ".y": b, name: [slope.slope, slope.intercept, slope.low_slope, slope.high_slope]}
    return out


def changepoints():
    import ruptures
    random = np.random.default_rng(4)
    out = {"s": S, "s.penalty": 1, "s.shortest": 2,
           "s.starts": ruptures.Pelt("l2", min_size=2, jump=1).fit(np.array(S)).predict(pen=1)[:-1]}
    for name, n, jumps, penalty, shortest in (("many", 180, 9, 12.0, 5), ("weak", 150, 3, 4.0, 3), ("still", 120, 0, 15.0, 5)):
        level = np.zeros(n)
        for at in random.integers(5, n - 5, jumps):
            level[at:] += random.normal(0, 3)
        series = np.round(level + random.normal(0, 1, n), 4)
        found = ruptures.Pelt("l2", min_size=shortest, jump=1).fit(series).predict(pen=penalty)[:-1]
        out |= {name: series, name + ".penalty": penalty, name + ".shortest": shortest, name + ".starts": found}
    return out


def multivariate():
    from sklearn.covariance import LedoitWolf
    from sklearn.decomposition import PCA
    random = np.random.default_rng(5)
    base = random.normal(0, 1, (50, 2))
    mix = np.array([[1, 0.8, 0, 0.3, 0], [0, 0.4, 1, -0.5, 0.2]])
    rows = np.round(base @ mix + random.normal(0, 0.3, (50, 5)) + [10, 0, 5, -2, 100], 4)
    out = {"rows": rows}
    symmetric = np.cov(rows.T)
    values, vectors = np.linalg.eigh(symmetric)
    order = np.argsort(-values)
    vectors = vectors[:, order]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(5)])
    out |= {"symmetric": symmetric, "eigen.values": values[order], "eigen.vectors": vectors}
    z = (rows - rows.mean(0)) / rows.std(0, ddof=1)
    pca = PCA(n_components=0.9, svd_solver="full").fit(z)
    scores = pca.transform(z)
    rest = z - pca.inverse_transform(scores)
    full = PCA().fit(z).explained_variance_
    out |= {"pca.count": pca.n_components_, "pca.variances": full,
            "pca.scores": (scores ** 2 / pca.explained_variance_).sum(1), "pca.residuals": (rest ** 2).sum(1),
            "pca.score_limit": stats.chi2.ppf(0.99, pca.n_components_)}
    left = full[pca.n_components_:]
    t1, t2, t3 = (np.sum(left ** k) for k in (1, 2, 3))
    h = 1 - 2 * t1 * t3 / (3 * t2 ** 2)
    out["pca.residual_limit"] = t1 * (stats.norm.ppf(0.99) * np.sqrt(2 * t2 * h ** 2) / t1 + 1 + t2 * h * (h - 1) / t1 ** 2) ** (1 / h)
    lw = LedoitWolf().fit(rows)
    out |= {"lw.covariance": lw.covariance_, "lw.shrinkage": lw.shrinkage_, "lw.distances": lw.mahalanobis(rows)}
    few = rows[:4]
    lw = LedoitWolf().fit(few)
    out |= {"few.covariance": lw.covariance_, "few.shrinkage": lw.shrinkage_}
    return out


def anomalies():
    import statsmodels.api as sm
    from scipy import optimize
    from sklearn.isotonic import IsotonicRegression
    from statsmodels.stats.diagnostic import acorr_ljungbox
    random = np.random.default_rng(6)
    # Rosner's data of 1983, whose outliers are three at α = 0.05.
    rosner = [-0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70,
              1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40,
              2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01]
    wave = np.round(np.sin(np.arange(80) / 5) + random.normal(0, 0.4, 80), 4)
    box = acorr_ljungbox(wave, lags=[6])
    out = {"rosner": rosner, "wave": wave, "wave.acf": sm.tsa.stattools.acf(wave, nlags=5, fft=False),
           "wave.ljung_box": [box.lb_stat.iloc[0], box.lb_pvalue.iloc[0]], "s": S,
           "s.acf1": sm.tsa.stattools.acf(S, nlags=1, fft=False)[1]}
    spiky = np.round(random.normal(0, 1, 60), 3)
    spiky[[0, 17, 40, 59]] += [9, -8, 12, 15]
    def window(i):
        return spiky[max(0, i - 5):i + 6]
    out |= {"spiky": spiky, "spiky.hampel": [i for i in range(60) if abs(spiky[i] - np.median(window(i)))
                                             > 3 * stats.median_abs_deviation(window(i), scale="normal")]}
    x = np.round(random.uniform(0, 10, 40), 1)
    y = np.round(x ** 2 / 10 + random.normal(0, 2, 40), 3)
    w = np.round(random.uniform(0.5, 2, 40), 2)
    model = IsotonicRegression().fit(x, y, sample_weight=w)
    falling = IsotonicRegression(increasing=False).fit(x, -y)
    grid = np.linspace(x.min(), x.max(), 15)
    out |= {"iso.x": x, "iso.y": y, "iso.w": w, "iso.grid": grid, "iso.value": model.predict(grid),
            "iso.falling": falling.predict(grid)}
    n = np.array([1, 2, 4, 8, 16, 24, 32, 48, 64, 96.0])
    def usl(n, g, s, k):
        return g * n / (1 + s * (n - 1) + k * n * (n - 1))
    rising = np.round(usl(n, 100, 0.05, 0.0005) * random.lognormal(0, 0.03, len(n)), 3)
    serial = np.round(usl(n, 50, 0.02, 0) * random.lognormal(0, 0.03, len(n)), 3)
    fit = lambda f, y, p, b: optimize.curve_fit(f, n, y, p, bounds=b, xtol=1e-14, ftol=1e-14, gtol=1e-14)[0]
    out |= {"usl.n": n, "usl.x": rising, "usl.fit": fit(usl, rising, [90, 0.1, 0.001], ([0, 0, 0], [np.inf, 1, np.inf])),
            "usl.serial": serial, "usl.serial_fit": fit(lambda n, g, s: usl(n, g, s, 0), serial, [40, 0.1], ([0, 0], [np.inf, 1]))}
    return out


def forecast():
    import pandas as pd
    import pymannkendall
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    from utilsforecast.losses import mase, quantile_loss
    random = np.random.default_rng(8)
    # Twelve days of hours: additive smoothing with a season of 24, started from known values.
    hours = np.arange(12 * 24)
    rate = np.round(10 + 3 * np.sin(hours * 2 * np.pi / 24) + np.cumsum(random.normal(0, 0.05, len(hours)))
                    + random.normal(0, 0.4, len(hours)), 4)
    season = np.round(3 * np.sin(np.arange(24) * 2 * np.pi / 24) + random.normal(0, 0.1, 24), 4)
    out = {"rate": rate, "season": season}
    for name, alpha, gamma in (("slow", 0.02, 0.1), ("fast", 0.1, 0.02)):
        model = ETSModel(pd.Series(rate), error="add", seasonal="add", seasonal_periods=24, initialization_method="known",
                         initial_level=9.5, initial_seasonal=season)
        fit = model.smooth([alpha, gamma])
        out |= {f"ets.{name}": fit.forecast(48), f"ets.{name}.mse": np.mean(fit.resid ** 2)}
    falling = np.round(5 - 0.03 * np.arange(20) + random.normal(0, 0.2, 20), 1)
    rows = []
    for series in (falling, rate[:60], np.round(rate[:14]), [1, 1, 2, 2, 2.0]):
        test = pymannkendall.original_test(series)
        rows += [test.s, test.p, stats.kendalltau(np.arange(len(series)), series).statistic]
    out |= {"falling": falling, "mann_kendall": rows}
    actual, guess = rate[192:], np.round(rate[168:192].tolist() * 4 + random.normal(0, 0.2, 96), 4)
    frame = pd.DataFrame({"unique_id": 1, "ds": range(192, 288), "y": actual, "m": guess})
    history = pd.DataFrame({"unique_id": 1, "ds": range(192), "y": rate[:192]})
    out |= {"guess": guess, "mase": [mase(frame, ["m"], season, history)["m"].iloc[0] for season in (24, 168)],
            "pinball": [quantile_loss(frame, {"m": "m"}, q)["m"].iloc[0] for q in (0.05, 0.5, 0.9)]}
    return out


FAMILIES = {f.__name__: f for f in (
    quantiles, distributions, comparison, regression, changepoints, multivariate, anomalies, forecast)}

if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    for family in sys.argv[1:] or FAMILIES:
        vectors = {k: [float(x) for x in np.ravel(v)] for k, v in FAMILIES[family]().items()}
        with open(os.path.join(FOLDER, family + ".json"), "w") as file:
            file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in vectors.items()) + "\n}\n")
