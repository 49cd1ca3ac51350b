import RelayCore

extension ConfigNode {
  /// `until` of a credential: RFC 3339, with an offset.
  func until() -> Timestamp? {
    let form = ScalarForm.pattern(
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$"
    )
    return value("a time such as 2026-12-31T00:00:00Z", form: form, placeholder: .distantFuture) {
      text throws(Fault) in
      guard let time = Timestamp(rfc3339: text) else {
        throw Fault(
          "is not a time with its offset; write it as 2026-12-31T00:00:00Z or 2026-12-31T00:00:00-03:00")
      }
      return time
    }
  }

  /// Warns of a credential that has ended, or will within days.
  ///
  /// - Parameters:
  ///   - consequence: What one that has ended does no more.
  func warnAboutEnd(_ until: Timestamp?, consequence: String) {
    guard let until, !reading.isProbing else { return }
    switch CredentialEnd(path: "", until: until).stage(at: reading.now) {
    case .far: break
    case .near: warning("ends at \(until): \(consequence) from then on")
    case .over: warning("has ended at \(until): \(consequence) any more; remove it, once another is there")
    }
  }

  /// Warns where none of a list's credentials is left at some time.
  func warnWhereAllEnd(_ credentials: [some EndingCredential], consequence: String) {
    let ends = credentials.compactMap(\.until)
    // What is behind a reference that is not resolved has no time.
    guard let last = ends.max(), last < .distantFuture, ends.count == credentials.count else { return }
    warning("each of them ends: from \(last) on \(consequence); add one without until")
  }
}
