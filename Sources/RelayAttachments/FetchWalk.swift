import RelayCore

/// One try, redirect by redirect. Pure: it is told each answer and says what to do next.
struct FetchWalk {
  enum Step: Sendable, Equatable {
    /// Ask there: the link, and the host that was read in it.
    case ask(Secret, host: String)
    /// All has come.
    case whole(contentType: String?)
    case failed(FetchFailure)
  }

  static let maxRedirects = 3

  private let policy: AttachmentPolicy
  private var redirects = 0

  init(policy: AttachmentPolicy) {
    self.policy = policy
  }

  /// - Parameter url: The event's link.
  mutating func begin(_ url: Secret) -> Step {
    guard let address = AttachmentAddress(url.reveal), policy.covers(address) else {
      return .failed(FetchFailure(.refused, "its host is none of attachments.hosts, or it is not https"))
    }
    return .ask(url, host: address.host)
  }

  mutating func take(_ answer: AttachmentAnswer) -> Step {
    switch answer {
    case .whole(let contentType): return .whole(contentType: contentType)
    case .tooLarge:
      return .failed(FetchFailure(.tooLarge, "it is larger than attachments.max_size"))
    case .refusedAddress(let kind):
      return .failed(
        FetchFailure(.refused, "its host has \(kind), which attachments.allow does not name"))
    case .stopped:
      var failure = FetchFailure(.failed, "it was stopped", isFinal: false)
      failure.isStopped = true
      return .failed(failure)
    case .failed(let why): return .failed(FetchFailure(.failed, why, isFinal: false))
    case .status(let status, let location) where (300..<400).contains(status):
      return redirect(status, to: location)
    case .status(let status, _):
      return .failed(FetchFailure(status: status))
    }
  }

  private mutating func redirect(_ status: Int, to location: Secret?) -> Step {
    guard let location else {
      return .failed(FetchFailure(.failed, "the origin answered \(status) without saying where to go"))
    }
    guard redirects < Self.maxRedirects else {
      return .failed(FetchFailure(.refused, "it was redirected more than \(Self.maxRedirects) times"))
    }
    redirects += 1
    guard let address = AttachmentAddress(location.reveal) else {
      return .failed(FetchFailure(.refused, "it was redirected to what is not a plain https address"))
    }
    guard policy.covers(address) else {
      return .failed(
        FetchFailure(.refused, "it was redirected to \(address.host), which is none of attachments.hosts"))
    }
    return .ask(location, host: address.host)
  }
}

/// Why a try did not bring the file.
struct FetchFailure: Error, Sendable, Equatable {
  var outcome: AttachmentOutcome
  /// For people; names no link.
  var reason: String
  /// Another try would come to the same.
  var isFinal: Bool
  /// The origin does not have it, or not for us (any more): it may have expired.
  var isGone = false
  /// The relay stops, and goes on with it at its next start: it counts as no try.
  var isStopped = false

  init(_ outcome: AttachmentOutcome, _ reason: String, isFinal: Bool = true) {
    self.outcome = outcome
    self.reason = reason
    self.isFinal = isFinal
  }

  /// The origin answered with a status that brings no file.
  init(status: Int) {
    self.init(.failed, "the origin answered \(status)", isFinal: !Self.passing(status))
    isGone = [401, 403, 404, 410].contains(status)
  }

  /// Those that may be another next time. (404: a file may be linked before it is everywhere.)
  private static func passing(_ status: Int) -> Bool {
    status >= 500 || [404, 408, 425, 429].contains(status) || status < 300
  }

  /// The same after the link's time: then what is gone has expired.
  func seen(receivedAt: Timestamp, now: Timestamp) -> FetchFailure {
    guard isGone, FetchSchedule.isExpired(receivedAt: receivedAt, now: now) else { return self }
    var failure = self
    (failure.outcome, failure.isFinal) = (.expired, true)
    failure.reason = "the link had expired (\(reason))"
    return failure
  }
}
