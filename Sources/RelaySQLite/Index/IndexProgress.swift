/// What is to be done next so that events are in runs. Pure: it looks at what there is, so that it goes on after a crash, and
/// begins with a store that has none, by itself.
struct IndexProgress: Equatable {
  enum Step: Equatable {
    /// A run of the rows of its range, all of which have come.
    case build(RunID)
    /// A large run of these, which go.
    case merge(RunID, of: [RunID])
    /// Runs whose events have all gone.
    case drop([RunID])
    /// Until more events have come.
    case rest
  }

  /// The runs that there are.
  var runs: [RunID]
  /// Of the events that there are.
  var firstRow: Int64?
  var lastRow: Int64?
  private let shape: RunShape

  init(runs: [RunID], firstRow: Int64?, lastRow: Int64?, shape: RunShape) {
    self.runs = runs
    self.firstRow = firstRow
    self.lastRow = lastRow
    self.shape = shape
  }

  /// Where the rows that are in no run begin: those before have been in one.
  var end: Int64 { runs.map { $0.rows(shape).upperBound }.max() ?? 0 }

  /// - Parameter next: The first event from `end` on; nil: there is none.
  func step(next: Int64?) -> Step {
    guard let firstRow, let lastRow else { return runs.isEmpty ? .rest : .drop(runs) }
    let gone = runs.filter { $0.rows(shape).upperBound <= firstRow }
    if !gone.isEmpty { return .drop(gone) }
    if let merge = merge() { return merge }
    guard let next else { return .rest }
    // Many at once, where a store has had none yet.
    let large = RunID(.large, of: next, shape)
    let holdsSmallOnes = runs.contains {
      $0.size == .small && large.rows(shape).contains($0.rows(shape).lowerBound)
    }
    if !holdsSmallOnes, isComplete(large, lastRow) { return .build(large) }
    let small = RunID(.small, of: next, shape)
    return isComplete(small, lastRow) ? .build(small) : .rest
  }

  private func isComplete(_ run: RunID, _ lastRow: Int64) -> Bool {
    run.rows(shape).upperBound - 1 <= lastRow
  }

  /// Small runs become a large one when no more of its range can come.
  private func merge() -> Step? {
    var parts: [RunID: [RunID]] = [:]
    for run in runs where run.size == .small {
      parts[RunID(.large, of: run.rows(shape).lowerBound, shape), default: []].append(run)
    }
    let whole = parts.keys.filter { large in
      // A crash may have left small runs beside the large one.
      runs.contains(large) || large.rows(shape).upperBound <= end
    }
    guard let large = whole.min(by: { $0.number < $1.number }) else { return nil }
    let small = parts[large]!.sorted { $0.number < $1.number }
    return runs.contains(large) ? .drop(small) : .merge(large, of: small)
  }
}
