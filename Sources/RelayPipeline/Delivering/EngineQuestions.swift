import RelayCore

/// What others wait to hear from the transport's thread.
struct EngineQuestions: Sendable {
  private var asked: [@Sendable ([LaneStatus]) -> Void] = []
  private var holds: [Int: @Sendable () -> Void] = [:]
  private var nextToken = 0
  private var isStopped = false

  /// - Returns: Whether it will be answered.
  mutating func ask(_ answer: @escaping @Sendable ([LaneStatus]) -> Void) -> Bool {
    guard !isStopped else { return false }
    asked.append(answer)
    return true
  }

  /// - Returns: The number under which it will be answered; nil: it will not be.
  mutating func hold(_ answer: @escaping @Sendable () -> Void) -> Int? {
    guard !isStopped else { return nil }
    nextToken += 1
    holds[nextToken] = answer
    return nextToken
  }

  mutating func takeAsked() -> [@Sendable ([LaneStatus]) -> Void] {
    defer { asked = [] }
    return asked
  }

  mutating func takeHold(_ token: Int) -> (@Sendable () -> Void)? { holds.removeValue(forKey: token) }

  /// The thread has ended: nobody is left waiting.
  ///
  /// - Returns: What is to be called.
  mutating func stop() -> [@Sendable () -> Void] {
    isStopped = true
    let left = takeAsked().map { answer -> @Sendable () -> Void in { answer([]) } } + holds.values
    holds = [:]
    return left
  }
}
