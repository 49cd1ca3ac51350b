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
  private(set) var host: String
  /// What is shown of the relay where a server asks for it: its file; nil: nothing.
  private(set) var clientFile: String?
  private let source: Source
  /// By the easy handle that made the connection.
  private var problems: [EasyHandle.ID: String] = [:]
  private var places = ""
  /// What was believed when each easy handle was made: the sessions that it knows may be of that time.
  private var generations: [EasyHandle.ID: Int] = [:]
  /// Easy handles that have lived to see something else believed.
  private var outdated: Set<EasyHandle.ID> = []

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
    clientFile = tls.client?.certificateFile
  }

  private init(host: String, source: Source) {
    self.host = host
    self.source = source
  }

  /// Tells an easy handle, once, whom to believe.
  ///
  /// - Parameter host: Who is asked; nil: the one as before.
  func apply(to easy: borrowing EasyHandle, host: String? = nil) {
    if let host { self.host = host }
    easy.check(by: self)
    generations[easy.id] = source.trust.generation
  }

  /// - Returns: Whether the handle can't resume sessions any more, and so is of little use.
  func forgetOutdated(_ easy: EasyHandle.ID) -> Bool {
    guard !outdated.isEmpty, outdated.remove(easy) != nil else { return false }
    problems[easy] = nil
    generations[easy] = nil
    return true
  }

  /// Why the handle's last handshake failed, if it was for the certificate; asked once.
  func takeProblem(of easy: EasyHandle.ID) -> String? {
    problems.removeValue(forKey: easy)
  }

  /// What a connection is checked against.
  struct Preparation {
    var store: TrustStore
    /// Whether it may go on with a TLS session of before.
    var mayResume: Bool
  }

  /// A connection is about to be made. Called within libcurl.
  ///
  /// - Returns: nil: nobody can be believed, and `takeProblem` says why.
  func prepare(_ easy: EasyHandle.ID) -> Preparation? {
    let trust = source.trust
    places = trust.places
    problems[easy] = trust.problem
    guard trust.problem == nil else { return nil }
    // A session that is resumed is not checked again: those of the time before must not be.
    let mayResume = trust.generation == generations[easy]
    if !mayResume { outdated.insert(easy) }
    return Preparation(store: trust.store, mayResume: mayResume)
  }

  /// A certificate is not believed. Called within libcurl.
  func keep(_ problem: CertificateProblem, of easy: EasyHandle.ID) {
    problems[easy] = problem.message(host: host, places: places)
  }
}

@available(*, unavailable)
extension Handshakes: Sendable {}
