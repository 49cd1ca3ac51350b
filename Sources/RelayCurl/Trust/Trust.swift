/// Whom to believe, as it stood when it was read.
struct Trust: Sendable {
  var store = TrustStore()
  /// Where the authorities come from, for people: `a.pem and /etc/ssl/certs`.
  var places: String
  /// Why there is nobody to believe, and what to do about it; nil: there is somebody.
  var problem: String?
  /// The file that was to be read, and can't be; what else there is counts without it.
  var unreadableFile: String?
  /// Another number each time that the system's authorities have been read.
  var generation = 0

  /// The authorities of one file, and no others.
  ///
  /// - Parameter contents: What the file held when the configuration was read; nil: it is read now.
  static func file(_ path: String, contents: [UInt8]?) -> Trust {
    var trust = Trust(places: path)
    guard let bytes = contents ?? PEMFile.contents(of: path) else {
      trust.problem = "the authorities of tls.ca can't be read: \(path)"
      return trust
    }
    switch trust.store.add(bytes) {
    case nil: trust.problem = "a certificate in \(path) (tls.ca) is malformed"
    case 0: trust.problem = "\(path) (tls.ca) holds no certificate"
    default: break
    }
    return trust
  }
}
