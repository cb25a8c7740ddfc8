import Foundation
import Statistics
import TestSupport
import Testing

@Suite("Metrics of a numeric prediction")
struct RegressionPerformanceTests {
    private func metrics(_ labels: [Double], _ predictions: [Double], weights: [Double]? = nil, plan: IntervalPlan? = nil) throws
        -> [String: PerformanceMetric]
    {
        let all = try RegressionPerformance(labels: labels, predictions: predictions, weights: weights, quantile: 0.9, plan: plan).metrics
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }

    // scikit-learn 1.9.1
    @Test("of a small sample, and what it cannot say of negative labels")
    func small() throws {
        let found = try metrics([3, -0.5, 2, 7], [2.5, 0, 2, 8])
        let expected = [
            "mae": 0.5, "mse": 0.375, "r2": 0.9486081370449679, "explained_variance": 0.9571734475374732, "median_absolute_error": 0.5,
            "max_error": 1, "mape": 0.3273809523809524, "pinball_loss": 0.15, "bias": 0.25, "smape": 0.5787878787878787,
            "rmsle": 0.3578255476565636,
        ]
        for (name, value) in expected { #expect(isNear(found[name]?.value ?? .nan, value), "\(name)") }
        #expect(found["mean_poisson_deviance"]?.value == nil && found["mean_gamma_deviance"]?.why != nil)
    }

    @Test("a constant label: r2 is 1 when nothing is wrong, else 0; of one row it is undefined")
    func constant() throws {
        #expect(try metrics([2, 2], [2, 2])["r2"]?.value == 1)
        #expect(try metrics([2, 2, 2], [1, 2, 3])["r2"]?.value == 0)
        #expect(try metrics([1], [1.5])["r2"]?.value == nil)
        #expect(try metrics([], []).values.allSatisfy { $0.value == nil })
    }

    @Test("a weight counts like as many rows")
    func weights() throws {
        let labels = [3, 0.5, 2, 7, 4.0]
        let predictions = [2.5, 1, 2, 8, 1]
        let weighted = try metrics(labels, predictions, weights: [1, 2, 3, 0, 2])
        let repeated = try metrics([3, 0.5, 0.5, 2, 2, 2, 4, 4], [2.5, 1, 1, 2, 2, 2, 1, 1])
        for (name, metric) in repeated where name != "max_error" {
            #expect(isNear(weighted[name]?.value ?? .nan, metric.value ?? .nan, relative: 1e-12, absolute: 1e-15), "\(name)")
        }
    }

    @Test("95 % intervals of the mean and the median error cover the truth")
    func coverage() throws {
        var random = Seeded(5)
        var covered = (0, 0)
        for run in 0..<400 {
            let errors = (0..<300).map { _ in random.uniform() * 2 - 1 }  // |e| uniform in 0…1: mean and median ½
            let found = try metrics(errors.map { _ in 5 }, errors.map { 5 + $0 }, plan: IntervalPlan(resamples: 300, seed: UInt64(run)))
            if let interval = found["mae"]?.interval, interval.lower <= 0.5, 0.5 <= interval.upper { covered.0 += 1 }
            if let interval = found["median_absolute_error"]?.interval, interval.lower <= 0.5, 0.5 <= interval.upper { covered.1 += 1 }
        }
        #expect((364...394).contains(covered.0) && (364...394).contains(covered.1), "\(covered) of 400")
    }
}

@Suite("Metrics of several classes")
struct MulticlassPerformanceTests {
    // scikit-learn 1.9.1, zero_division = 0
    @Test("a class that is never predicted counts 0 in macro averages, and is undefined by itself")
    func missingPrediction() throws {
        let result = try MulticlassPerformance(
            classes: 3, labels: [0, 1, 2, 0, 1], predictions: [0, 1, 1, 0, 0], scores: nil, plan: IntervalPlan())
        let found = Dictionary(uniqueKeysWithValues: result.metrics.map { ($0.name, $0) })
        let expected = [
            "accuracy": 0.6, "mcc": 0.36084391824351614, "cohen_kappa": 0.3333333333333333, "precision_macro": 0.38888888888888884,
            "f1_macro": 0.43333333333333335, "precision_weighted": 0.4666666666666666, "f1_weighted": 0.52, "recall_micro": 0.6,
        ]
        for (name, value) in expected { #expect(isNear(found[name]?.value ?? .nan, value), "\(name)") }
        #expect(result.confusion.perClass[2].precision.isNaN)
        #expect(result.confusion.cells == [[2, 0, 0], [1, 1, 0], [0, 1, 0]])
        #expect(found["log_loss"]?.why == "no scores were given")
    }

    @Test("two classes agree with the binary metrics")
    func two() throws {
        var random = Seeded(8)
        let scores = (0..<300).map { _ in (random.uniform() * 50).rounded() / 50 }
        let labels = scores.map { random.uniform() < $0 }
        let plan = IntervalPlan()
        let binary = try BinaryPerformance(labels: labels, scores: scores, predictions: scores.map { $0 >= 0.5 }, plan: plan).metrics
        let multi = try MulticlassPerformance(
            classes: 2, labels: labels.map { $0 ? 1 : 0 }, predictions: scores.map { $0 >= 0.5 ? 1 : 0 },
            scores: [scores.map { 1 - $0 }, scores],
            plan: plan
        ).metrics
        for (one, other) in [
            ("roc_auc", "roc_auc_ovr_macro"), ("roc_auc", "roc_auc_ovo_weighted"), ("log_loss", "log_loss"), ("mcc", "mcc"),
        ] {
            let a = try #require(binary.first { $0.name == one })
            let b = try #require(multi.first { $0.name == other })
            #expect(isNear(a.value ?? .nan, b.value ?? .nan, relative: 1e-12))
            if one == "roc_auc" { #expect(abs((a.interval?.lower ?? 0) - (b.interval?.lower ?? 1)) < 1e-3) }
        }
    }

    @Test("a class without labels leaves its area undefined, except where it has no weight")
    func absent() throws {
        let scores = [[0.5, 0.2, 0.7], [0.3, 0.6, 0.2], [0.2, 0.2, 0.1]]
        let result = try MulticlassPerformance(classes: 3, labels: [0, 1, 0], predictions: [0, 1, 0], scores: scores, plan: nil)
        let found = Dictionary(uniqueKeysWithValues: result.metrics.map { ($0.name, $0) })
        #expect(found["roc_auc_ovr_macro"]?.value == nil)
        #expect(found["roc_auc_ovr_macro"]?.why == "1 of 3 classes have no label")
        #expect(found["roc_auc_ovr_weighted"]?.value == 1)
    }
}

@Suite("Sampling errors")
struct MetricSamplingErrorsTests {
    @Test("are the standard deviations that samples show")
    func spread() throws {
        var random = Seeded(12)
        func draw(_ rows: Int) -> (scores: [Double], labels: [Bool]) {
            let scores = (0..<rows).map { _ in random.uniform() }
            return (scores, scores.map { random.uniform() < $0 })
        }
        let (scores, labels) = draw(20_000)
        let errors = MetricSamplingErrors(binary: labels, scores: scores, predictions: scores.map { $0 >= 0.5 }).of(rows: 500)
        var values: [String: [Double]] = [:]
        for _ in 0..<400 {
            let (scores, labels) = draw(500)
            for metric in try BinaryPerformance(labels: labels, scores: scores, predictions: scores.map { $0 >= 0.5 }, plan: nil).metrics {
                values[metric.name, default: []].append(metric.value ?? .nan)
            }
        }
        for name in ["accuracy", "precision", "recall", "specificity", "average_precision", "log_loss", "brier"] {
            let mean = (values[name] ?? []).reduce(0, +) / 400
            let deviation = ((values[name] ?? []).reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400).squareRoot()
            #expect(abs((errors[name] ?? 0) / deviation - 1) < 0.15, "\(name): \(errors[name] ?? 0), seen \(deviation)")
        }
        #expect(MetricSamplingErrors(binary: [], scores: nil, predictions: []).of(rows: 10).isEmpty)
    }
}
