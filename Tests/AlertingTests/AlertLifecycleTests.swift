import Alerting
import TestSupport
import Testing
import Vocabulary

@Suite("An alert is pending, fires and resolves")
struct AlertLifecycleTests {
    @Test(
        "it fires after k of n windows with a finding and resolves after m without one",
        arguments: [
            // 2 of 3, resolved after 2: the default
            (2, 3, 2, "....", "----"),
            (2, 3, 2, "F", "P"),
            (2, 3, 2, "FF", "PA"),
            (2, 3, 2, "F.F", "PPA"),
            (2, 3, 2, "F..F", "PPPP"),
            (2, 3, 2, "F..FF", "PPPPA"),
            (2, 3, 2, "F...", "PPPD"),
            (2, 3, 2, "F...F", "PPPDP"),
            (2, 3, 2, "FFFFF", "PA+++"),
            (2, 3, 2, "FF..", "PA+R"),
            (2, 3, 2, "FF.F..", "PA+++R"),
            (2, 3, 2, "FF..FF..", "PA+RPA+R"),
            (2, 3, 2, "FFnn", "PA+R"),
            // at once
            (1, 1, 1, "F.F.", "ARAR"),
            (1, 3, 1, "F..", "AR-"),
            (1, 1, 3, "F..F...", "A+++++R"),
            // patient
            (3, 3, 3, "FF.FFF", "PPPPPA"),
            (3, 3, 2, "FF...", "PPPPD"),
            (3, 5, 2, "F.F.F", "PPPPA"),
            (3, 5, 2, "F.F..F", "PPPPPP"),
            (2, 2, 4, "FF....", "PA+++R"),
            (2, 4, 1, "FF.", "PAR"),
        ])
    func kOfN(findings: Int, of: Int, resolveAfter: Int, windows: String, changes: String) {
        #expect(Story.tell(findings, of: of, resolveAfter: resolveAfter, windows) == changes)
    }

    @Test(
        "a window with too little data says nothing: it neither fires nor resolves nor counts",
        arguments: [
            ("F?F", "P-A"), ("F0F", "P-A"), ("F????????F", "P--------A"), ("FF?.?.", "PA-+-R"), ("FF?0?0", "PA----"), ("?0?0", "----"),
            ("F?.?.?.", "P-P-P-D"),
        ])
    func tooLittleData(windows: String, changes: String) {
        #expect(Story.tell(2, of: 3, resolveAfter: 2, windows) == changes)
    }

    @Test("it begins with the first window that had a finding, and fires and resolves when that is evaluated")
    func times() throws {
        var story = Story(AlertPolicy(name: "p", monitors: [.featureDrift], severity: .critical))
        _ = story.see(3, "F")
        let pending = try #require(story.open.first)
        #expect(pending.startedAt == Bench.window(3).start)
        #expect(pending.firedAt == nil && pending.policy == "p" && pending.severity == .critical && pending.version == Bench.version)
        _ = story.see(4, "F")
        let firing = try #require(story.open.first)
        #expect(firing.startedAt == Bench.window(3).start)
        #expect(firing.firedAt == Bench.window(4).end.adding(seconds: 60))
        _ = story.see(5, ".")
        let last = story.lifecycle.observe(Bench.evaluation(6, [(.featureDrift, .ok)]), open: story.open, silences: [])
        #expect(last.first?.alert.resolvedAt == Bench.window(6).end.adding(seconds: 60))
        #expect(last.first?.alert.firedAt == firing.firedAt)
    }

    @Test("what was acknowledged stays acknowledged")
    func acknowledged() {
        var story = Story(AlertPolicy(name: "p", monitors: [.featureDrift]))
        _ = story.see(0, "F")
        _ = story.see(1, "F")
        story.open[0].id = 12
        story.open[0].acknowledgedAt = Bench.midnight
        story.open[0].acknowledgedBy = "ada"
        _ = story.see(2, "F")
        #expect(story.open[0].id == 12 && story.open[0].acknowledgedAt == Bench.midnight && story.open[0].acknowledgedBy == "ada")
    }

    /// Goal: people hear of every alert once. Method: random windows; announcements must alternate, firing first.
    @Test("between two announcements that it fires there is one that it resolved", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func alternates(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<50 {
            let of = Int.random(in: 1...5, using: &random)
            let findings = Int.random(in: 1...of, using: &random)
            let resolveAfter = Int.random(in: 1...4, using: &random)
            let windows = String((0..<60).map { _ in Array("FF..?0")[Int.random(in: 0..<6, using: &random)] })
            let announced = Story.tell(findings, of: of, resolveAfter: resolveAfter, windows).filter { "AR".contains($0) }
            let expected = String((0..<announced.count).map { Array("AR")[$0 % 2] })
            #expect(announced == expected, "seed \(seed): \(findings) of \(of), \(resolveAfter): \(windows)")
        }
    }
}

@Suite("An alert ends where it began")
struct AlertEndTests {
    private let policy = AlertPolicy(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 1)
    private func evaluation(_ hour: Int, _ verdicts: [(String, Verdict)]) -> Evaluation {
        var evaluation = Bench.evaluation(hour, verdicts.map { (.featureDrift, $0.1) })
        for i in verdicts.indices { evaluation.findings[i].subject = verdicts[i].0 }
        return evaluation
    }

    @Test("a window that is calm elsewhere but cannot judge what the alert is about does not resolve it")
    func unjudged() {
        var story = Story(policy)
        #expect(story.apply(evaluation(0, [("age", .drifted), ("city", .ok)])) == "A")
        #expect(story.apply(evaluation(1, [("age", .insufficient), ("city", .ok)])) == "-")
        #expect(story.apply(evaluation(2, [("city", .ok)])) == "-")
        // One of a place's statistics is enough.
        #expect(story.apply(evaluation(3, [("age", .insufficient), ("age", .ok), ("city", .ok)])) == "R")
    }

    @Test("what it is about follows the last window with a finding")
    func follows() {
        var story = Story(policy)
        #expect(story.apply(evaluation(0, [("age", .drifted), ("city", .drifted)])) == "A")
        #expect(story.apply(evaluation(1, [("age", .drifted), ("city", .ok)])) == "+")
        #expect(story.apply(evaluation(2, [("age", .ok), ("city", .noData)])) == "R")
    }

    @Test("when the version serves no more, firing alerts are resolved and told, pending ones dropped, others left alone")
    func closed() {
        let lifecycle = AlertLifecycle(policy: AlertPolicy(name: "default"))
        var firing = Bench.alert()
        firing.memory.isAnnounced = true
        var other = Bench.alert()
        other.policy = "other"
        let now = Bench.midnight.adding(seconds: 9999)
        let changes = lifecycle.close([firing, Bench.alert(.pending), Bench.alert(.resolved), other, Bench.alert()], at: now)
        #expect(changes.map(Story.letter) == ["R", "D", "r"])
        #expect(changes[0].alert.resolvedAt == now)
    }
}

@Suite("A window that is evaluated again replaces what was remembered of it")
struct ReevaluationTests {
    private func story(_ findings: Int = 2, of: Int = 3, resolveAfter: Int = 2) -> Story {
        Story(AlertPolicy(name: "p", monitors: [.featureDrift], findings: findings, of: of, resolveAfter: resolveAfter))
    }

    @Test("the same finding again is not a second one")
    func same() {
        var story = story()
        #expect(story.see(0, "F") == "P")
        #expect(story.see(0, "F") == "P")
        #expect(story.see(0, "F") == "P")
        #expect(story.open[0].memory.seen.count == 1)
        #expect(story.see(1, "F") == "A")
        #expect(story.see(1, "F") == "+")
        #expect(story.see(0, "F") == "+")
    }

    @Test("a finding that late labels took back drops the pending alert")
    func takenBack() {
        var story = story()
        #expect(story.see(0, "F") == "P")
        #expect(story.see(0, ".") == "D")
        #expect(story.open.isEmpty)
        #expect(story.see(1, "F") == "P")
    }

    @Test("a finding that late labels brought fires")
    func brought() {
        var story = story()
        #expect(story.see(0, "F") == "P")
        #expect(story.see(1, ".") == "P")
        #expect(story.see(1, "F") == "A")
    }

    @Test("windows that turn out calm resolve")
    func resolves() {
        var story = story()
        _ = story.see(0, "F")
        #expect(story.see(1, "F") == "A")
        #expect(story.see(0, ".") == "+")
        #expect(story.see(1, ".") == "R")
    }

    @Test("windows may be evaluated out of order")
    func outOfOrder() {
        var story = story()
        #expect(story.see(4, "F") == "P")
        #expect(story.see(2, "F") == "A")
        #expect(story.open[0].memory.seen.map(\.windowEnd) == [2, 4].map { Bench.window($0).end })
        #expect(story.see(3, ".") == "+")
        #expect(story.see(5, ".") == "+")
        #expect(story.see(6, ".") == "R")
    }

    @Test("a window older than everything remembered changes nothing")
    func older() {
        var story = story()
        for (hour, letter) in [(5, "F"), (6, "F"), (7, "F")] { _ = story.see(hour, Character(letter)) }
        let before = story.open
        #expect(story.see(4, ".") == "-")
        #expect(story.see(0, "F") == "-")
        #expect(story.open == before)
    }

    @Test("only as many windows are remembered as are needed", arguments: [(2, 3, 2, 3), (1, 1, 1, 1), (1, 1, 4, 4), (5, 5, 2, 5)])
    func memory(findings: Int, of: Int, resolveAfter: Int, remembered: Int) {
        var story = story(findings, of: of, resolveAfter: resolveAfter)
        for hour in 0..<12 { _ = story.see(hour, "F") }
        #expect(story.open[0].memory.seen.count == remembered)
        #expect(story.open[0].memory.seen.last?.windowEnd == Bench.window(11).end)
        // What is remembered survives being stored.
        #expect(AlertMemory(json: story.open[0].memory.json) == story.open[0].memory)
    }
}

@Suite("What a policy watches")
struct AlertPolicyScopeTests {
    @Test("every monitor has an alert of its own")
    func monitors() {
        var story = Story(AlertPolicy(name: "p", findings: 1, of: 1, resolveAfter: 1))
        #expect(story.apply(Bench.evaluation(0, [(.featureDrift, .drifted), (.fairness, .unfair), (.performance, .ok)])) == "AA")
        #expect(Set(story.open.map(\.monitor)) == [.featureDrift, .fairness])
        #expect(story.apply(Bench.evaluation(1, [(.featureDrift, .ok), (.fairness, .unfair)])) == "R+")
    }

    @Test("monitors that the policy does not name are not its business")
    func otherMonitors() {
        var story = Story(AlertPolicy(name: "p", monitors: [.calibration], findings: 1, of: 1))
        #expect(story.apply(Bench.evaluation(0, [(.featureDrift, .drifted), (.fairness, .unfair)])) == "-")
        #expect(story.apply(Bench.evaluation(1, [(.calibration, .drifted)])) == "A")
    }

    @Test("windows of another length are not looked at")
    func otherWindows() {
        var story = Story(AlertPolicy(name: "p", window: .day, findings: 1, of: 1))
        #expect(story.apply(Bench.evaluation(0, [(.featureDrift, .drifted)])) == "-")
        #expect(story.apply(Bench.evaluation(0, [(.featureDrift, .drifted)], kind: .custom)) == "-")
        #expect(story.apply(Bench.evaluation(0, [(.featureDrift, .drifted)], kind: .day)) == "A")
    }

    @Test("the alerts of other policies are left alone")
    func otherPolicies() {
        let lifecycle = AlertLifecycle(policy: AlertPolicy(name: "mine", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 1))
        let theirs = Bench.alert()
        #expect(theirs.policy == "default")
        #expect(lifecycle.observe(Bench.evaluation(0, [(.featureDrift, .ok)]), open: [theirs], silences: []).isEmpty)
        let changes = lifecycle.observe(Bench.evaluation(0, [(.featureDrift, .drifted)]), open: [theirs], silences: [])
        #expect(changes.map(\.alert.policy) == ["mine"])
        #expect(changes.map(\.alert.id) == [nil])
    }
}
