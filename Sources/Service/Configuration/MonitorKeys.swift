internal import Monitoring
internal import Profiles
internal import Vocabulary

extension MonitorSettings {
    /// Reads what a mapping says over what is there: of the service's configuration, or of one version's spec.
    mutating func read(_ json: JSON?, at path: String, _ reader: SettingsReader) {
        let numbers: [(String, WritableKeyPath<MonitorSettings, Double>, ClosedRange<Double>)] = [
            ("alpha", \.alpha, 1e-12...0.5), ("confidence", \.confidence, 0.5...0.9999), ("psi_floor", \.psiFloor, 0...10),
            ("ks_floor", \.ksFloor, 0...1), ("jensen_shannon_floor", \.jensenShannonFloor, 0...1),
            ("cramers_v_floor", \.cramersVFloor, 0...1), ("label_floor", \.labelFloor, 0...1), ("volume_floor", \.volumeFloor, 0...100),
            ("correlation_floor", \.correlationFloor, 0...2), ("reconstruction_floor", \.reconstructionFloor, 0...100),
            ("data_quality_floor", \.dataQualityFloor, 0...1), ("constant_floor", \.constantFloor, 0...1),
            ("success_objective", \.successObjective, 0...1),
            ("mean_shift_floor", \.meanShiftFloor, 0...100), ("missing_floor", \.missingFloor, 0...1),
            ("calibration_floor", \.calibrationFloor, 0...1),
            ("performance_floor", \.performanceFloor, 0...1), ("error_floor", \.errorFloor, 0...100),
            ("mean_error_floor", \.meanErrorFloor, 0...100),
            ("fairness_error_floor", \.fairnessErrorFloor, 0...100), ("fairness_difference_floor", \.fairnessDifferenceFloor, 0...1),
            ("fairness_ratio_floor", \.fairnessRatioFloor, 0...1),
        ]
        let whole: [(String, WritableKeyPath<MonitorSettings, Int64>, ClosedRange<Int>)] = [
            ("rows_min", \.rowsMin, 1...1_000_000), ("group_rows_min", \.groupRowsMin, 1...1_000_000),
            ("delay_seconds", \.delaySeconds, 0...86_400), ("quiet_seconds", \.quietSeconds, 0...86_400),
            ("patience_seconds", \.patienceSeconds, 0...86_400),
        ]
        let members = reader.members(
            json, at: path, known: numbers.map(\.0) + whole.map(\.0) + ["baseline", "baseline_windows", "baseline_gap", "detectors"])
        for (key, field, range) in numbers {
            if let value = reader.number(members[key], at: "\(path).\(key)", in: range) { self[keyPath: field] = value }
        }
        for (key, field, range) in whole {
            if let value = reader.integer(members[key], at: "\(path).\(key)", in: range) { self[keyPath: field] = Int64(value) }
        }
        baseline = reader.choice(members["baseline"], at: path + ".baseline") ?? baseline
        let windows = 4...NaturalVariation.windowsMax
        baselineWindows = reader.integer(members["baseline_windows"], at: path + ".baseline_windows", in: windows) ?? baselineWindows
        baselineGap = reader.integer(members["baseline_gap"], at: path + ".baseline_gap", in: 0...1000) ?? baselineGap
        detectors = DetectorSetting.read(members["detectors"], at: path + ".detectors", reader) ?? detectors
    }
}
