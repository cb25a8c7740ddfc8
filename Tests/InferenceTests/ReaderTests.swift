import TestSupport
import Testing

@testable import Inference

/// Small models, written here.
enum Fixture {
    /// One tree: x0 < 0.5 ? −1 : (missing left) x1 in {1, 3} ? 3 : 2.
    static func xgboost(
        base: String = "\"[5E-1]\"", objective: String = "binary:logistic", left: String = "[1,-1,3,-1,-1]",
        right: String = "[2,-1,4,-1,-1]",
        features: String = "[0,0,1,0,0]", names: String = "[\"a\",\"b\"]", count: Int = 2
    ) -> [UInt8] {
        Array(
            """
            {"learner":{"attributes":{"best_iteration":"0"},"feature_names":\(names),"feature_types":["float","c"],"gradient_booster":{"model":{
            "gbtree_model_param":{"num_parallel_tree":"1","num_trees":"1"},"iteration_indptr":[0,1],"tree_info":[0],"trees":[{
            "categories":[1,3],"categories_nodes":[2],"categories_segments":[0],"categories_sizes":[2],"default_left":[1,0,0,0,0],"id":0,
            "left_children":\(left),"right_children":\(right),"split_conditions":[0.5,-1,0,2,3],"split_indices":\(features),
            "split_type":[0,0,1,0,0],"sum_hessian":[10,4,6,1,5],"tree_param":{"size_leaf_vector":"1"}}]},"name":"gbtree"},
            "learner_model_param":{"base_score":\(base),"num_class":"0","num_feature":"\(count)","num_target":"1"},
            "objective":{"name":"\(objective)"}},"version":[3,2,0]}
            """.utf8)
    }

    static let lightGBM = """
        tree
        version=v4
        num_class=1
        num_tree_per_iteration=1
        label_index=0
        max_feature_idx=1
        objective=regression
        feature_names=a b
        feature_infos=[0:1] 0:1:2:3

        Tree=0
        num_leaves=3
        num_cat=1
        split_feature=0 1
        threshold=0.5 0
        decision_type=10 1
        left_child=-1 -2
        right_child=1 -3
        leaf_value=10 20 30
        leaf_count=2 3 5
        internal_count=10 8
        cat_boundaries=0 1
        cat_threshold=10
        shrinkage=1

        end of trees

        pandas_categorical:[["w","x","y","z"]]
        """
}

@Suite("Readers")
struct ReaderTests {
    private func margins(_ model: Model, _ columns: [InputColumn]) throws -> [Double] {
        let made = try model.score(columns, rows: columns[0].rowCount, options: ScoreOptions(.margin))
        guard case .numbers(let values) = try #require(made.first).values else { return [] }
        return values
    }

    @Test("XGBoost: thresholds send smaller values left, listed categories right, missing values the default way")
    func xgboost() throws {
        let model = try Model(Fixture.xgboost(), file: "m.json")
        let a = InputColumn.numbers([0.4, 0.5, 0.6, .nan, 1, 1, 1])
        let b = InputColumn.numbers([0, 1, 2, 1, .nan, -1, 3.9])
        #expect(try margins(model, [a, b]) == [-1, 3, 2, -1, 3, 2, 3])
        #expect(model.task == .binary)
        #expect(model.bestRound == 0)
        let leaves = try model.score([a, b], rows: 7, options: ScoreOptions(.leaves))
        #expect(leaves == [ScoreColumn("leaf_0", .integers([1, 4, 3, 1, 4, 3, 4]))])
        #expect(
            try model.score([a, b], rows: 7, options: ScoreOptions(.margin, rounds: 0)) == [
                ScoreColumn("prediction", .numbers([0, 0, 0, 0, 0, 0, 0]))
            ])
    }

    @Test(
        "XGBoost: base_score is a number, a text or a list, on the scale of the prediction",
        arguments: [("0.2", -1.3862944), ("\"2E-1\"", -1.3862944), ("\"[2E-1]\"", -1.3862944)])
    func base(_ text: String, _ margin: Double) throws {
        let model = try Model(Fixture.xgboost(base: text), file: "m.json")
        #expect(isNear(try margins(model, [.numbers([0]), .numbers([0])])[0], margin - 1, relative: 1e-6))
    }

    static let broken: [([UInt8], String)] = [
        (Fixture.xgboost(left: "[0,-1,3,-1,-1]"), "two nodes lead to node 0"),
        (Fixture.xgboost(left: "[1,-1,9,-1,-1]"), "node 2 has a child that is not there"),
        (Fixture.xgboost(right: "[2,-1,4,-1]"), "lists of unequal lengths"),
        (Fixture.xgboost(features: "[7,0,1,0,0]"), "node 0 splits on a feature that is not there"),
        (Fixture.xgboost(names: "[\"a\"]"), "1 names, expected 2"),
        (Fixture.xgboost(base: "\"x\""), "learner.learner_model_param.base_score"),
        (Fixture.xgboost(objective: "reg:magic"), "unsupported: m.json: learner.objective.name: objective \"reg:magic\""),
        (Fixture.xgboost(count: 2_000_000_000), "expected a whole number in 0…1048576"),
        (Array("{\"learner\":".utf8), "the file ends here"),
        (Array(String(repeating: "[", count: 100_000).utf8), "not a model that is known"),
        (Array(("{\"a\":" + String(repeating: "[", count: 100_000)).utf8), "nested deeper than 64 levels"),
        (Array("hello".utf8), "not a model that is known"), ([], "not a model that is known"),
        (Array("tree\nnum_tree_per_iteration=1\n".utf8), "expected \"end of trees\""),
        (changed("num_leaves=3", "num_leaves=999999999"), "num_leaves=999999999"),
        (changed("left_child=-1 -2", "left_child=0 -2"), "two nodes lead to node 0"),
        (changed("left_child=-1 -2", "left_child=-9 -2"), "has a child that is not there"),
        (changed("split_feature=0", "split_feature=5"), "splits on feature 5"),
        (changed("objective=regression", "objective=magic"), "unsupported: m.json: line 7: objective \"magic\""),
        (changed("num_class=1", "num_class=3"), "line 3: num_class=3, expected num_tree_per_iteration=1"),
        (changed("objective=regression", "objective=multiclass num_class:2"), "line 7: num_class:2, expected num_tree_per_iteration=1"),
        (
            Array(Fixture.lightGBM.replacing("num_class=1\nnum_tree_per_iteration=1", with: "num_class=2\nnum_tree_per_iteration=2").utf8),
            "line 4: 1 trees, expected num_tree_per_iteration=2 in each iteration"
        ),
        (changed("feature_names=a b", "feature_names=a b\ntree_sizes=90 80"), "line 9: tree_sizes of 2 trees, expected the 1 that follow"),
        (changed("feature_infos=[0:1] 0:1:2:3", "feature_infos=[0:1]"), "line 9: feature_infos of 1 features, expected max_feature_idx=1"),
        (changed("max_feature_idx=1", "max_feature_idx=0"), "feature_infos of 2 features, expected max_feature_idx=0"),
        (Fixture.xgboost(base: "\"nan\""), "base_score: nan, expected what the objective may predict"),
        (Fixture.xgboost(base: "\"[inf]\"", objective: "reg:squarederror"), "base_score: inf, expected"),
        (Fixture.xgboost(base: "1.5"), "base_score: 1.5, expected"),
        (Array("booster[0]:\n0:[f0<0.5] yes=1,no=2,missing=1\n".utf8), "m.json: a dump of XGBoost's dump_model, for people to read"),
        (Array("[\n  { \"nodeid\": 0, \"depth\": 0, \"split\": \"f0\" }]".utf8), "expected a file of its save_model"),
        (Array("{\"name\":\"tree\",\"version\":\"v4\",\"tree_info\":[]}".utf8), "m.json: a dump of LightGBM's dump_model"),
    ]

    private static func changed(_ line: String, _ to: String) -> [UInt8] { Array(Fixture.lightGBM.replacing(line, with: to).utf8) }

    @Test(
        "a file that breaks its format is refused with the place",
        arguments: broken)
    func refusals(_ bytes: [UInt8], _ words: String) {
        let error = #expect(throws: InferenceError.self) { try Model(bytes, file: "m.json") }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "read")")
    }

    @Test("LightGBM: thresholds include the value, listed categories go left, texts become codes")
    func lightGBM() throws {
        let model = try Model(Array(Fixture.lightGBM.utf8), file: "m.txt")
        #expect(model.features == [Feature(name: "a"), Feature(name: "b", kind: .category(["w", "x", "y", "z"], areNumbers: false))])
        let a = InputColumn.numbers([0.5, 1, 1, 1, .nan, 1])
        let b = InputColumn.texts(["w", "x", "y", nil, "x", "other"])
        #expect(try margins(model, [a, b]) == [10, 20, 30, 30, 10, 30])
    }

    @Test("LightGBM: categories are those of the data frame, whatever they are")
    func categories() throws {
        func scores(_ list: String, _ texts: [String?]) throws -> [Double] {
            let text = Fixture.lightGBM.replacing(#"["w","x","y","z"]"#, with: list)
            try #require(text != Fixture.lightGBM)
            let model = try Model(Array(text.utf8), file: "m.txt")
            return try margins(model, [.numbers([Double](repeating: 1, count: texts.count)), .texts(texts)])
        }
        // By their letters: 01 is another postcode than 1. Numbers by their value, booleans as data frames write them.
        #expect(try scores(#"["1","01","001","z"]"#, ["1", "01", "001", "1.0"]) == [30, 20, 30, 30])
        #expect(try scores("[5, 7, 9.5, 11]", ["7", "7.0", "07", "9.5"]) == [20, 20, 20, 30])
        #expect(try scores(#"[true,false,"a","b"]"#, ["True", "False", "0"]) == [30, 20, 30])
    }

    @Test(
        "lists of categories find their features, as far as the file says",
        arguments: [
            (["[0:1]", "0:2:1", "1:0"], [3, 2], [1, 2]),
            // A column with categories that no tree asks for.
            (["none", "0:2:1"], [5, 3], [nil, 1]),
            (["0:2:1", "none"], [3, 5], [0, nil]),
            // A column of whole numbers that was named as categorical, told by its codes.
            (["0:1", "10:40"], [2], [0]), (["10:40", "0:1"], [2], [1]),
        ] as [([String], [Int], [Int?])])
    func pandas(_ infos: [String], _ sizes: [Int], _ places: [Int?]) { #expect(PandasCategories.places(infos, sizes: sizes) == places) }

    @Test("where the file does not say, no feature is guessed") func ambiguous() {
        #expect(PandasCategories.places(["0:1", "0:1"], sizes: [2]) == nil)
        #expect(PandasCategories.places(["0:5"], sizes: [2]) == nil)
        #expect(PandasCategories.places(["[0:1]"], sizes: [2]) == nil)
    }

    @Test("linear models are sums with a link; a missing feature makes the score missing")
    func linear() throws {
        let text = #"{"kind":"logistic","features":["a","b"],"coefficients":[1,-2],"intercept":0.5}"#
        let model = try Model(Array(text.utf8), file: "m.json")
        let columns: [InputColumn] = [.numbers([0, 1, .nan]), .numbers([0, 2, 1])]
        let made = try model.score(columns, rows: 3)
        guard case .numbers(let values) = made[0].values else { return }
        #expect(isNear(values[0], 0.6224593312018546))
        #expect(isNear(values[1], 0.07585818002124355))
        #expect(values[2].isNaN)
        let classes = #"{"kind":"multinomial","coefficients":[[1],[2],[3]],"intercept":[0,0,0]}"#
        let three = try Model(Array(classes.utf8), file: "m.json").score([.numbers([0])], rows: 1)
        #expect(three.map(\.name) == ["prediction_0", "prediction_1", "prediction_2"])
    }

    @Test("a table without rows has scores without rows, and threads change nothing")
    func rows() throws {
        let model = try Model(Fixture.xgboost(), file: "m.json")
        #expect(try model.score([.numbers([]), .numbers([])], rows: 0) == [ScoreColumn("prediction", .numbers([]))])
        var random = Seeded(1)
        let columns: [InputColumn] = (0..<2).map { _ in .numbers((0..<5_000).map { _ in random.uniform() * 4 }) }
        let alone = try model.score(columns, rows: 5_000)
        #expect(try model.score(columns, rows: 5_000, options: ScoreOptions(threads: 3)) == alone)
    }

    @Test("columns are found by name, by the user's list, or by place")
    func matching() throws {
        let model = try Model(Fixture.xgboost(), file: "m.json")
        #expect(try model.inputs(among: ["b", "id", "a"]).map(\.column) == ["a", "b"])
        #expect(try model.inputs(among: ["x", "y", "z"], features: ["z", "x"]).map(\.column) == ["z", "x"])
        #expect(try model.inputs(among: ["x", "y"]).map(\.column) == ["x", "y"])
        for (columns, names, words) in [
            (["a", "c"], nil, "no column \"b\""), (["x", "y", "z"], nil, "no column \"a\""),
            (["x"], ["x"], "1 features are named, expected 2"),
            (["x"], ["x", "q"], "no column \"q\""),
        ] as [([String], [String]?, String)] {
            let error = #expect(throws: InferenceError.self) { try model.inputs(among: columns, features: names) }
            #expect(error?.description.contains(words) == true)
        }
    }

    @Test("answers that a kind of model does not have are called unsupported")
    func unsupported() throws {
        let linear = try Model(Array(#"{"kind":"linear","coefficients":[1]}"#.utf8), file: "m.json")
        for answer in [ScoreOptions.Answer.leaves, .outputs] {
            let error = #expect(throws: InferenceError.self) { try linear.score([.numbers([1])], rows: 1, options: ScoreOptions(answer)) }
            #expect(error?.description.hasPrefix("unsupported: ") == true)
        }
    }
}
