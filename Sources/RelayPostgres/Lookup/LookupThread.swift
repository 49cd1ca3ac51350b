import RelayCore
import RelayThreads

/// A thread with a session that looks, and what it has been asked.
final class LookupThread: Sendable {
  private struct Question: Sendable {
    var answer: @Sendable (LookupSession) -> Void
    /// Instead of an answer.
    var refuse: @Sendable () -> Void
  }

  private struct Inbox: Sendable {
    var questions: TurnQueue<Question>
    var isClosing = false
  }

  private let inbox: Monitor<Inbox>
  private let thread: WorkerThread
  private let hasEnded = Monitor(false)

  /// - Parameters:
  ///   - kinds: Questions of different kinds take turns.
  ///   - givesWay: To all other threads: what it does takes long.
  ///   - makeSession: Called on the thread, and connects to nothing yet.
  init(
    _ name: String, kinds: Int, givesWay: Bool = false, _ makeSession: @escaping @Sendable () -> LookupSession
  ) {
    let inbox = Monitor(Inbox(questions: TurnQueue(kinds: kinds)))
    let hasEnded = hasEnded
    self.inbox = inbox
    thread = WorkerThread(name: name) {
      if givesWay { giveWay() }
      let session = makeSession()
      while let question = Self.next(inbox) { question.answer(session) }
      session.close()
      hasEnded.update { $0 = true }
    }
  }

  /// nil: it is closed.
  private static func next(_ inbox: Monitor<Inbox>) -> Question? {
    let next = inbox.wait { inbox -> Question?? in
      if let question = inbox.questions.next() { return .some(question) }
      return inbox.isClosing ? .some(nil) : nil
    }
    return next ?? nil
  }

  /// Nothing is taken any more; what was taken is still answered.
  func beginToClose() { inbox.update { $0.isClosing = true } }

  /// Waits until all that was asked is answered, but no longer than that: what is left then fails.
  ///
  /// - Returns: Whether the thread has ended.
  func close(within limit: Duration) -> Bool {
    beginToClose()
    if hasEnded.wait(timeout: limit, until: { $0 ? true : nil }) != nil { return true }
    let left = inbox.update { $0.questions.takeAll() }
    for question in left { question.refuse() }
    return false
  }

  /// - Parameter completion: Called on the thread; at once where it is closed; by who closes it, if that is sooner than it comes to it.
  func ask<Answer>(
    ofKind kind: Int = 0, _ completion: @escaping @Sendable (Result<Answer, StoreError>) -> Void,
    _ look: @escaping @Sendable (LookupSession) throws(StoreError) -> Answer
  ) {
    let question = Question(
      answer: { session in completion(Result { () throws(StoreError) in try look(session) }) },
      refuse: { completion(.failure(StoreError(code: .closed, message: "the store is closed"))) })
    let isTaken = inbox.update { inbox in
      guard !inbox.isClosing else { return false }
      inbox.questions.add(question, kind: kind)
      return true
    }
    if !isTaken { question.refuse() }
  }
}
