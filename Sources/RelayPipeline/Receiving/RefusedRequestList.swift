import RelayCore

/// The last refused requests, those that are alike in one entry.
///
/// Alike are those of the same path, status and reason, wherever they came from, whoever they said they were and whatever
/// they held: of them the last one is shown, with their number. So a health check at a wrong path takes one place. What
/// was posted to a source and what was not have half of the places each for sure: a scanner that tries a thousand paths
/// does not push out what a sender did wrong, nor does one that names itself anew each time.
///
/// It holds them as they came, with what must be masked in them before they are shown.
struct RefusedRequestList: Sendable {
  private struct Entry {
    var request: RefusedRequest
    let isOfSource: Bool
    let mask: SecretMask
  }

  static let capacity = 50

  /// In order of their last request.
  private var entries: [Entry] = []

  /// - Parameter mask: Of what must not be seen of it.
  mutating func add(_ request: RefusedRequest, isOfSource: Bool, mask: SecretMask = SecretMask([])) {
    var request = request
    if let place = entries.lastIndex(where: { $0.isOfSource == isOfSource && $0.request.isLike(request) }) {
      let known = entries.remove(at: place).request
      request.count += known.count
      request.firstAt = known.firstAt
    } else if entries.count == Self.capacity {
      makeRoom(ofSource: isOfSource)
    }
    entries.append(Entry(request: request, isOfSource: isOfSource, mask: mask))
  }

  /// Forgets those whose body, as far as it is kept, holds one of these texts, and those that hold it escaped in whatever way:
  /// what can't be read as it was meant is not told apart.
  ///
  /// - Returns: How many entries went.
  mutating func forget(holding texts: [String]) -> Int {
    let before = entries.count
    entries.removeAll { entry in
      let body = String(decoding: entry.request.body, as: UTF8.self)
      return texts.contains { !$0.isEmpty && body.contains($0) } || body.contains("\\u")
    }
    return before - entries.count
  }

  var newestFirst: [(RefusedRequest, mask: SecretMask)] { entries.reversed().map { ($0.request, $0.mask) } }

  private mutating func makeRoom(ofSource: Bool) {
    let alike = entries.count(where: { $0.isOfSource == ofSource })
    let victimIsOfSource = alike >= Self.capacity / 2 ? ofSource : !ofSource
    if let place = entries.firstIndex(where: { $0.isOfSource == victimIsOfSource }) {
      entries.remove(at: place)
    }
  }
}

extension RefusedRequest {
  fileprivate func isLike(_ other: RefusedRequest) -> Bool {
    status == other.status && code == other.code && path == other.path && reason == other.reason
  }
}
