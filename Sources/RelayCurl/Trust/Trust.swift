import CTrust

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
  /// - Parameters:
  ///   - contents: What the file held when the configuration was read; nil: it is read now.
  ///   - key: Where it is named.
  static func file(_ path: String, contents: [UInt8]?, named key: String = "tls.ca") -> Trust {
    var trust = Trust(places: path)
    guard let bytes = contents ?? PEMFile.contents(of: path) else {
      trust.problem = "the authorities of \(key) can't be read: \(path)"
      return trust
    }
    let count = trust.store.add(bytes)
    if count == nil { trust.problem = "a certificate in \(path) (\(key)) is malformed" }
    if count == 0 { trust.problem = "\(path) (\(key)) holds no certificate" }
    return trust
  }
}

/// Authorities that connections are checked against: read once, and shared by all of them.
final class TrustStore: @unchecked Sendable {  // Filled by its maker; after that OpenSSL guards it.
  let pointer: UnsafeMutableRawPointer

  init() {
    guard let pointer = ctrust_store_new() else { fatalError("out of memory") }
    self.pointer = pointer
  }

  deinit {
    // Connections that use it keep what they need.
    ctrust_store_free(pointer)
  }

  /// Adds the certificates of a PEM text.
  ///
  /// - Returns: How many there are; nil: one of them is malformed, and none was added.
  func add(_ pem: [UInt8]) -> Int? {
    let count = pem.withUnsafeBytes { bytes in
      bytes.baseAddress.map { Int(ctrust_store_add(pointer, $0, bytes.count)) } ?? 0
    }
    return count < 0 ? nil : count
  }

  /// Looks in these folders, too, each time that an authority is missing: for files named after the hash of the
  /// authority's name.
  ///
  /// - Parameter folders: With `:` between them.
  func add(folders: String) {
    _ = ctrust_store_add_folders(pointer, folders)
  }
}
