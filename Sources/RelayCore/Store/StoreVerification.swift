/// What a look at a whole store has found.
package struct StoreVerification: Sendable, Equatable {
  /// One kind of thing that was looked at.
  package struct Check: Sendable, Equatable {
    /// What was looked at, in a few words.
    package var name: String
    /// How many were looked at; nil: that is not counted.
    package var count: Int?
    /// What is wrong: the first few, a sentence each.
    package var problems: [String] = []
    /// How many that are.
    package var problemCount = 0
    /// What to do about it.
    package var advice: String

    package init(_ name: String, advice: String) {
      self.name = name
      self.advice = advice
    }

    /// So many are told.
    package static let told = 10

    package mutating func found(_ problem: @autoclosure () -> String) {
      problemCount += 1
      if problems.count < Self.told { problems.append(problem()) }
    }
  }

  package var checks: [Check]
  /// What was not looked at, and why; nil: all was.
  package var note: String?

  package init(checks: [Check], note: String? = nil) {
    self.checks = checks
    self.note = note
  }

  package var isSound: Bool { checks.allSatisfy { $0.problemCount == 0 } }
}
