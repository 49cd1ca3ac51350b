import CCurl
import Glibc
import RelayThreads

/// The authorities that the system believes: the bundle file and the folder of hashed names, both.
///
/// They are read once, by whoever asks first, and again when a file or folder has changed: each new connection looks, which
/// costs a `stat` a place. libcurl by itself would read the whole bundle for each destination, or for each connection.
package final class SystemTrust: Sendable {
  /// The process's.
  package static let shared = SystemTrust(
    variable: { name in getenv(name).map { String(cString: $0) } }, builtIn: .ofLibcurl)

  private struct Read: Sendable {
    var places: AuthorityPlaces
    /// The identity of the file, and of each folder.
    var identities: [PEMFile.Identity?]
    var trust: Trust
  }

  private let variable: @Sendable (String) -> String?
  private let builtIn: AuthorityPlaces
  private let last = Locked<Read?>(nil)

  init(variable: @escaping @Sendable (String) -> String?, builtIn: AuthorityPlaces) {
    self.variable = variable
    self.builtIn = builtIn
  }

  /// What an operator should know before the first handshake fails; nil: all is well.
  package var warning: String? {
    let trust = current()
    if let problem = trust.problem { return problem }
    return trust.unreadableFile.map {
      "\($0) can't be read as a PEM file of authorities: without it only \(trust.places) counts"
    }
  }

  /// As it is now.
  func current() -> Trust {
    let places = places()
    let identities = Self.identities(of: places)
    return last.withLock { last in
      if let last, last.places == places, last.identities == identities { return last.trust }
      var trust = Self.read(places)
      trust.generation = (last?.trust.generation ?? 0) + 1
      last = Read(places: places, identities: identities, trust: trust)
      return trust
    }
  }

  private func places() -> AuthorityPlaces {
    AuthorityPlaces(variable: variable, builtIn: builtIn) { access($0, R_OK) == 0 }
  }

  private static func identities(of places: AuthorityPlaces) -> [PEMFile.Identity?] {
    [places.file.flatMap { PEMFile.Identity(of: $0) }] + places.eachFolder.map { PEMFile.Identity(of: $0) }
  }

  private static func read(_ places: AuthorityPlaces) -> Trust {
    var (trust, useful) = (Trust(places: ""), AuthorityPlaces(file: nil, folders: nil))
    if let file = places.file {
      let count = PEMFile.contents(of: file).flatMap { trust.store.add($0) } ?? 0
      if count > 0 { useful.file = file } else { trust.unreadableFile = file }
    }
    if let folders = places.folders {
      trust.store.add(folders: folders)
      let hashed = places.eachFolder.filter(PEMFile.hasHashedNames)
      if !hashed.isEmpty { useful.folders = hashed.joined(separator: ":") }
    }
    trust.places = useful.description
    if useful.file == nil && useful.folders == nil {
      let looked = places.description.isEmpty ? AuthorityPlaces.knownFiles[0] : places.description
      trust.problem =
        "no authority is known that a certificate could be checked with (looked in \(looked)); install the package "
        + "ca-certificates, or name a PEM file of authorities in SSL_CERT_FILE or in the destination's tls.ca"
    }
    return trust
  }
}

extension AuthorityPlaces {
  /// What the libcurl at hand was built with.
  fileprivate static var ofLibcurl: AuthorityPlaces {
    let version = ccurl_version().pointee
    return AuthorityPlaces(
      file: version.cainfo.map { String(cString: $0) }, folders: version.capath.map { String(cString: $0) })
  }
}
