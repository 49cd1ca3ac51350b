/// What is expected of the server for one pipeline, and what has come of it. It knows no socket: it says whether the outcome is known.
///
/// The server answers in order. It commits when it comes to the Sync, after the last command's answer; an error before makes it skip
/// everything up to the Sync, and roll back.
struct PipelineProgress {
  enum Step: Equatable {
    /// A statement becomes known under its name.
    case prepare(String)
    /// One with this name is executed.
    case execute(String)
  }

  /// What an answer means for who waits.
  enum Action: Equatable {
    /// The answer belongs to nobody.
    case pass
    /// From now on the statement with this name is known.
    case prepared(String)
    /// These are a command's rows.
    case keep
    /// All has been answered, the Sync, too.
    case finish
  }

  private let steps: [Step]
  private var answered = 0
  /// The first error: those that follow come of it.
  private(set) var failure: ServerMessage?
  /// Whose error it is; nil: of the commit, or of nobody.
  private(set) var failedStatement: String?
  /// The Sync and all before it have left this process.
  private(set) var isSent = false

  init(_ steps: [Step]) {
    self.steps = steps
  }

  mutating func sent() { isSent = true }

  /// A step was done.
  mutating func done() -> Action {
    defer { answered += 1 }
    guard answered < steps.count else { return .pass }
    switch steps[answered] {
    case .prepare(let name): return .prepared(name)
    case .execute: return .keep
    }
  }

  /// A step was passed over, since one before it failed.
  mutating func skipped() -> Action {
    answered += 1
    return .pass
  }

  mutating func failed(_ message: ServerMessage) -> Action {
    if failure == nil {
      failure = message
      isFailureBeforeCommit = !message.isFatal || answered < steps.count
      failedStatement = answered < steps.count ? steps[answered].statement : nil
    }
    answered += 1
    return .pass
  }

  /// The error came while a commit could not have happened yet, or instead of one. What ends the connection may also come just after it.
  private var isFailureBeforeCommit = false

  /// Whether the transaction may have been committed, if nothing more comes from the server.
  var mayBeCommitted: Bool { isSent && !isFailureBeforeCommit }
}

extension PipelineProgress.Step {
  fileprivate var statement: String {
    switch self {
    case .prepare(let name), .execute(let name): name
    }
  }
}
