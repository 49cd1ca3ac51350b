import RelayCore

/// When a file is tried again. The platform's links live ten minutes, counted from about when their event is sent.
///
/// | failed tries | next |
/// | --- | --- |
/// | 1 | after 5 s |
/// | 2 | after 60 s |
/// | 3 | never |
///
/// The first try is made however late it is: a link may live longer than promised.
enum FetchSchedule {
  static let lifetime = Duration.seconds(600)
  static let maxTries = 3
  private static let delays: [Duration] = [.seconds(5), .seconds(60)]

  /// - Parameters:
  ///   - tries: How many have failed.
  ///   - now: When the last one did.
  /// - Returns: nil: there is no further one.
  static func next(after tries: Int, now: Timestamp, receivedAt: Timestamp) -> Timestamp? {
    guard tries > 0, tries < maxTries else { return nil }
    let next = now.advanced(by: delays[tries - 1])
    return next <= receivedAt.advanced(by: lifetime) ? next : nil
  }

  /// Whether the link need not lead anywhere any more.
  static func isExpired(receivedAt: Timestamp, now: Timestamp) -> Bool {
    receivedAt.duration(to: now) >= lifetime
  }
}
