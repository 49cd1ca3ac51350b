import CCurl
import CTrust
import RelayCore

/// What the TLS connections of one endpoint are checked against, and what was wrong with the last ones. It outlives them
/// all. Confined to the endpoint's thread.
final class Handshakes {
  private enum Source {
    case system(SystemTrust)
    case fixed(Trust)

    var trust: Trust {
      switch self {
      case .system(let system): system.current()
      case .fixed(let trust): trust
      }
    }
  }

  /// Who is asked, for people.
  var host: String
  private let source: Source
  /// By the easy handle that made the connection.
  private var problems: [UnsafeMutableRawPointer: String] = [:]
  private var places = ""
  /// What was believed when each easy handle was made: the sessions that it knows may be of that time.
  private var generations: [UnsafeMutableRawPointer: Int] = [:]
  /// Easy handles that have lived to see something else believed.
  private var outdated: Set<UnsafeMutableRawPointer> = []

  convenience init(host: String, system: SystemTrust) {
    self.init(host: host, source: .system(system))
  }

  convenience init(host: String, trust: Trust) {
    self.init(host: host, source: .fixed(trust))
  }

  /// nil: there is no TLS, or whoever answers is believed.
  convenience init?(_ destination: Destination, host: String, system: SystemTrust) {
    let tls = destination.tls
    guard tls.verifies, destination.url.reveal.lowercased().hasPrefix("https:") else { return nil }
    if let file = tls.authorityFile {
      self.init(host: host, trust: .file(file, contents: tls.authorities))
    } else {
      self.init(host: host, system: system)
    }
  }

  private init(host: String, source: Source) {
    self.host = host
    self.source = source
  }

  /// Tells an easy handle, once, whom to believe.
  func apply(to easy: UnsafeMutableRawPointer) {
    // All that libcurl would read by itself.
    ccurl_set_string(easy, CURLOPT_CAINFO, nil)
    ccurl_set_string(easy, CURLOPT_CAPATH, nil)
    ccurl_set_pointer(easy, CURLOPT_SSL_CTX_DATA, Unmanaged.passUnretained(self).toOpaque())
    ccurl_set_tls_callback(easy, prepareHandshake)
    generations[easy] = source.trust.generation
  }

  /// - Returns: Whether the handle can't resume sessions any more, and so is of little use.
  func forgetOutdated(_ easy: UnsafeMutableRawPointer) -> Bool {
    guard !outdated.isEmpty, outdated.remove(easy) != nil else { return false }
    problems[easy] = nil
    generations[easy] = nil
    return true
  }

  /// Why the handle's last handshake failed, if it was for the certificate; asked once.
  func takeProblem(of easy: UnsafeMutableRawPointer) -> String? {
    problems.removeValue(forKey: easy)
  }

  fileprivate func prepare(_ easy: UnsafeMutableRawPointer, _ context: UnsafeMutableRawPointer) -> CURLcode {
    let trust = source.trust
    places = trust.places
    problems[easy] = trust.problem
    guard trust.problem == nil else { return CURLE_SSL_CACERT_BADFILE }
    // A session that is resumed is not checked again: those of the time before must not be.
    if trust.generation != generations[easy] {
      ccurl_set_long(easy, CURLOPT_SSL_SESSIONID_CACHE, 0)
      outdated.insert(easy)
    }
    let owner = Unmanaged.passUnretained(self).toOpaque()
    return ctrust_apply(context, trust.store.pointer, owner, easy, noteProblem) == 0
      ? CURLE_OUT_OF_MEMORY : CURLE_OK
  }

  fileprivate func note(_ problem: CertificateProblem, of easy: UnsafeMutableRawPointer) {
    problems[easy] = problem.message(host: host, places: places)
  }
}

@available(*, unavailable)
extension Handshakes: Sendable {}

/// A connection is about to be made.
private func prepareHandshake(
  easy: UnsafeMutableRawPointer, context: UnsafeMutableRawPointer, handshakes: UnsafeMutableRawPointer?
) -> CURLcode {
  Unmanaged<Handshakes>.fromOpaque(handshakes!).takeUnretainedValue().prepare(easy, context)
}

private func noteProblem(
  handshakes: UnsafeMutableRawPointer, easy: UnsafeMutableRawPointer, problem: UnsafePointer<ctrust_problem>
) {
  Unmanaged<Handshakes>.fromOpaque(handshakes).takeUnretainedValue()
    .note(CertificateProblem(problem), of: easy)
}
