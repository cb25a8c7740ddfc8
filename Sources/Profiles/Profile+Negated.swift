internal import Kernels

// A part is taken out of a sum by adding what takes it back. Smallest and largest values stay those of the whole.

extension Profile {
    /// The sum without a profile that is part of it.
    public func without(_ part: Profile, grid: ProfileGrid) -> Profile {
        var rest = self
        rest.merge(part.negated, grid: grid)
        return rest
    }

    private var negated: Profile {
        var out = self
        out.rows = -rows
        out.errors = -errors
        out.labelled = -labelled
        for i in features.indices {
            switch features[i] {
            case .numeric(let cells): out.features[i] = .numeric(cells.negated)
            case .categorical(let cells): out.features[i] = .categorical(cells.negated)
            case .vector(let cells): out.features[i] = .vector(cells.negated)
            }
        }
        out.score = score.negated
        out.outcomes = outcomes.negated
        out.residuals = residuals.mapSums(\.negated)
        out.classes = classes.mapSums(\.negated)
        out.joint = joint?.negated
        out.measures = measures.mapValues(\.negated)
        return out
    }
}

extension NumericCells {
    fileprivate var negated: NumericCells {
        var out = self
        for i in counts.indices { out.counts[i] = -counts[i] }
        (out.missing, out.finite, out.sum, out.sumOfSquares) = (-missing, -finite, sum.negated, sumOfSquares.negated)
        return out
    }
}

extension CategoricalCells {
    fileprivate var negated: CategoricalCells {
        var out = self
        for i in counts.indices { out.counts[i] = -counts[i] }
        (out.missing, out.unseen) = (-missing, unseen.negated)
        return out
    }
}

extension VectorCells {
    fileprivate var negated: VectorCells {
        var out = self
        (out.norm, out.joint) = (norm.negated, joint?.negated)
        return out
    }
}

extension Outcomes {
    fileprivate var negated: Outcomes {
        var out = self
        out.strata = strata.mapValues { scores in
            var taken = ScoreCells()
            for (cell, entry) in scores.cells { taken.cells.append(cell, ScoreCells.Cell(count: -entry.count, sum: -entry.sum)) }
            (taken.unscored, taken.outsideUnit) = (-scores.unscored, -scores.outsideUnit)
            (taken.sumOfSquares, taken.logLoss) = (-scores.sumOfSquares, -scores.logLoss)
            return taken
        }
        return out
    }
}

extension JointSums {
    fileprivate var negated: JointSums {
        var out = self
        out.totals.negate()
        return out
    }
}

extension MeasureCells {
    fileprivate var negated: MeasureCells {
        var out = self
        out.counts = counts.mapValues { -$0 }
        (out.missing, out.sum) = (-missing, sum.negated)
        return out
    }
}
