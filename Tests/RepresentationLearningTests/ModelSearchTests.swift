import Numerics
import Testing

@testable import RepresentationLearning

@Suite struct `The search for a model` {
    @Test func `takes the least model within half a point of the best`() {
        let candidates = [
            candidate(84, .int8, microseconds: 200, bytes: 10, recall: 0.800),
            candidate(252, .int8, microseconds: 400, bytes: 20, recall: 0.896),
            candidate(1_008, .float16, microseconds: 900, bytes: 40, recall: 0.900),
            candidate(1_008, .float32, microseconds: 900, bytes: 80, recall: 0.900),
            candidate(2_016, .float32, microseconds: 1_800, bytes: 160, recall: 0.990),
        ]
        // 0.896 lies within 0.005 of 0.900; 0.990 is too slow.
        #expect(ModelSearch.choice(candidates, ModelBudget()) == 1)
        var budget = ModelBudget()
        budget.encodeMicrosecondsMax = 2_000
        #expect(ModelSearch.choice(candidates, budget) == 4)
        budget.bytesMax = 15
        #expect(ModelSearch.choice(candidates, budget) == 0)
        // None is cheap enough: the cheapest.
        budget.encodeMicrosecondsMax = 100
        #expect(ModelSearch.choice(candidates, budget) == 0)
    }

    @Test func `keeps the gap between groups before it looks at accuracy`() {
        let candidates = [
            candidate(84, .int8, microseconds: 200, bytes: 10, recall: 0.70, gap: 0.10),
            candidate(504, .int8, microseconds: 500, bytes: 30, recall: 0.90, gap: 0.30),
        ]
        var budget = ModelBudget()
        #expect(ModelSearch.choice(candidates, budget) == 0)
        budget.gapMax = 0.30
        #expect(ModelSearch.choice(candidates, budget) == 1)
        // None keeps it: the most even one.
        budget.gapMax = 0.05
        #expect(ModelSearch.choice(candidates, budget) == 0)
    }

    @Test func `measures gaps among groups that are large enough`() {
        let groups =
            Array(repeating: [customer("a")], count: 10)
            + Array(repeating: [customer("b")], count: 10) + [[customer("c")]]
        let hits = Array(repeating: true, count: 10) + (0..<10).map { $0 < 5 } + [false]
        // All: 15 of 21; a 1, b 0.5; c has one function and no say.
        let gaps = ModelSearch.gaps(hits, groups)
        let all = 15.0 / 21
        #expect(abs(gaps.worst - (all - 0.5)) < 1e-12 && gaps.group == customer("b"))
        #expect(abs(gaps.mean - ((1 - all) + (all - 0.5)) / 2) < 1e-12)
        let alone = ModelSearch.gaps(hits, Array(repeating: [customer("a")], count: 21))
        #expect(alone.worst == 0 && alone.mean == 0 && alone.group == nil)
    }

    @Test func `measures gaps between triggers, too, and says which group fares worst`() {
        // 16 functions, 12 recognised: 3/4. Of customer a 6 of 8, of b 6 of 8: no gap. By http 8 of 8,
        // by timer 4 of 8: the worst gap is 1/4, and the mean (0 + 0 + 1/4 + 1/4) / 4 = 1/8.
        let groups = (0..<16).map { number in
            [customer(number < 8 ? "a" : "b"), trigger(number % 2 == 0 ? "http" : "timer")]
        }
        let hits = (0..<16).map { $0 % 4 != 1 }
        let gaps = ModelSearch.gaps(hits, groups)
        #expect(gaps.worst == 0.25 && gaps.group == trigger("timer") && gaps.mean == 0.125)
        // Customers alone do not tell it.
        let customers = ModelSearch.gaps(hits, groups.map { Array($0.prefix(1)) })
        #expect(customers.worst == 0 && customers.group == nil && customers.mean == 0)
        // A kind with one large group has nothing to compare, whatever the other kind has.
        let oneTrigger = groups.map { [$0[0], trigger("http")] }
        #expect(ModelSearch.gaps(hits, oneTrigger).mean == 0)
    }

    @Test func `tries each size in each precision, which loses little`() throws {
        let samples = (0..<24).map { number in
            let view = Planted.allCases[number % 3].view(days: 2, seed: number)
            return TrainingSample(
                [view.slice(0..<288), view.slice(288..<576)],
                groups: [customer("\(number % 2)")])
        }
        var budget = ModelBudget()
        budget.kernels = [84, 168]
        let candidates = try ModelSearch.candidates(samples, budget: budget, seed: 1)
        #expect(candidates.count == 6)
        #expect(candidates.count { $0.isChosen } == 1 && candidates.contains { $0.isOnFront })
        let (whole, half, byte) = (candidates[0], candidates[1], candidates[2])
        #expect(whole.bytes > half.bytes && half.bytes > byte.bytes)
        #expect(candidates[3].encodeMicroseconds > whole.encodeMicroseconds)
        let again = try ModelSearch.candidates(samples, budget: budget, seed: 1)
        #expect(again == candidates)
    }

    @Test(arguments: Precision.allCases)
    func `releases what comes back from its bytes as it was`(precision: Precision) throws {
        let views = (0..<10).map { Planted.allCases[$0 % 3].view(days: 2, seed: $0) }
        let fitted = try Training.fit(samples: views, version: 3, seed: 1).model
        let model = EncoderModel(
            version: 3, encoder: fitted.encoder.kept(in: precision), clusters: fitted.clusters)
        let restored = try EncoderModel(bytes: model.bytes)
        #expect(restored == model)
        #expect(restored.encode(views[0]) == model.encode(views[0]))
        let cosine = dotProduct(model.encode(views[1])[...], fitted.encode(views[1])[...])
        #expect(cosine > 0.999)
    }

    private func candidate(
        _ kernels: Int, _ precision: Precision, microseconds: Double, bytes: Int, recall: Double,
        gap: Double = 0
    ) -> ModelCandidate {
        ModelCandidate(
            kernels: kernels, precision: precision, encodeMicroseconds: microseconds, bytes: bytes,
            recallAtOne: recall, worstGap: gap, worstGroup: nil, meanGap: 0)
    }

    private func customer(_ name: String) -> FunctionGroup { FunctionGroup(.customer, name) }
    private func trigger(_ name: String) -> FunctionGroup { FunctionGroup(.trigger, name) }
}
