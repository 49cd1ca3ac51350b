import RelayCore

/// The last refused requests, those that are alike in one entry.
///
/// Alike are those of the same path, status and reason, wherever they came from, whoever they said they were and whatever
/// they held: of them the last one is shown, with their number. So a health check at a wrong path takes one place. What
/// was posted to a source and what was not have half of the places each for sure: a scanner that tries a thousand paths
/// does not push out what a sender did wrong, nor does one that names itself anew each time.
///
/// It holds them as they came, with what must be masked in them before they are shown.
struct RejectionList: Sendable {
  private struct Entry {
    var rejection: Rejection
    let isOfSource: Bool
    let mask: SecretMask
  }

  static let capacity = 50

  /// In order of their last request.
  private var entries: [Entry] = []

  /// - Parameter mask: Of what must not be seen of it.
  mutating func note(_ rejection: Rejection, isOfSource: Bool, mask: SecretMask = SecretMask([])) {
    var rejection = rejection
    if let place = entries.lastIndex(where: { $0.isOfSource == isOfSource && $0.rejection.isLike(rejection) })
    {
      let known = entries.remove(at: place).rejection
      rejection.count += known.count
      rejection.firstAt = known.firstAt
    } else if entries.count == Self.capacity {
      makeRoom(ofSource: isOfSource)
    }
    entries.append(Entry(rejection: rejection, isOfSource: isOfSource, mask: mask))
  }

  var newestFirst: [(Rejection, mask: SecretMask)] { entries.reversed().map { ($0.rejection, $0.mask) } }

  private mutating func makeRoom(ofSource: Bool) {
    let alike = entries.count(where: { $0.isOfSource == ofSource })
    let victimIsOfSource = alike >= Self.capacity / 2 ? ofSource : !ofSource
    if let place = entries.firstIndex(where: { $0.isOfSource == victimIsOfSource }) {
      entries.remove(at: place)
    }
  }
}

extension Rejection {
  fileprivate func isLike(_ other: Rejection) -> Bool {
    status == other.status && code == other.code && path == other.path && reason == other.reason
  }
}
