import RelayCore

/// When what is kept for a time grows too old for it. Pure: it is told of commits, and of what a walk has found.
package struct AgeSchedule: Equatable {
  /// When what is old enough is to be looked for; nil: nothing grows old, as far as is known.
  package private(set) var due: Timestamp?
  /// nil: it is kept as long as all else.
  private var age: Duration?

  package init() {}

  package mutating func configure(age: Duration?, at now: Timestamp) {
    self.age = age
    due = age == nil ? nil : now
  }

  /// What happened just now grows old then; what is waited for may come later.
  package mutating func committed(at now: Timestamp) {
    guard let age else { return }
    let old = now.advanced(by: age)
    due = min(old, due ?? old)
  }

  /// What is kept has become more, by something that may have happened long ago.
  package mutating func mayBeOld(at now: Timestamp) { if age != nil { due = now } }

  /// What happened at or before this is old; nil: nothing is, or the time to look has not come.
  package func cutoff(at now: Timestamp) -> Timestamp? {
    guard let age, let due, due <= now else { return nil }
    return now.advanced(by: .zero - age)
  }

  /// All that was old enough is done.
  ///
  /// - Parameter head: When what comes next happened; nil: nothing is waited for.
  package mutating func walked(head: Timestamp?, at now: Timestamp) {
    guard let age else { return }
    // Not one by one: what falls due together goes together.
    let pause = min(.seconds(60), max(.seconds(1), age / 100))
    due = head.map { max($0.advanced(by: age), now.advanced(by: pause)) }
  }
}
