/// A secret of routes.yaml that may have an end, as in a rotation: `{ value: …, until: 2026-12-31T00:00:00Z }`.
package protocol EndingCredential {
  /// The wall clock's time from which on it no longer counts; nil: it has no end.
  var until: Timestamp? { get }
}

extension EndingCredential {
  /// - Parameter now: The wall clock's time.
  package func counts(at now: Timestamp) -> Bool { until.map { now < $0 } ?? true }
}

/// Where a credential stands that has an end, and when that is.
package struct CredentialEnd: Hashable, Sendable {
  package enum Stage: Sendable, Comparable {
    case far
    /// Within `notice`: time to see that nobody needs it any more.
    case near
    case over
  }

  /// As `destinations.crm.signing_secret[0]`.
  package var path: String
  package var until: Timestamp
  /// From then on none of its key counts.
  package var isLast: Bool

  /// How long before its end a credential is told of.
  package static let notice = Duration.seconds(14 * 86_400)

  package init(path: String, until: Timestamp, isLast: Bool = false) {
    self.path = path
    self.until = until
    self.isLast = isLast
  }

  /// - Parameter now: The wall clock's time.
  package func stage(at now: Timestamp) -> Stage {
    if now >= until { return .over }
    return now.advanced(by: Self.notice) >= until ? .near : .far
  }
}

extension Configuration {
  /// Of all credentials that have an end.
  package var credentialEnds: [CredentialEnd] {
    let tokens = sources.flatMap { source in
      Self.ends(of: source.tokens, at: "sources.\(source.name).token")
    }
    return tokens
      + destinations.flatMap { destination in
        Self.ends(of: destination.signingSecrets, at: "destinations.\(destination.name).signing_secret")
      }
  }

  private static func ends(of credentials: [some EndingCredential], at path: String) -> [CredentialEnd] {
    let ends = credentials.compactMap(\.until)
    let last = ends.count == credentials.count ? ends.max() : nil
    return credentials.enumerated().compactMap { place, credential in
      credential.until.map { CredentialEnd(path: "\(path)[\(place)]", until: $0, isLast: $0 == last) }
    }
  }
}
