import CTrust

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
